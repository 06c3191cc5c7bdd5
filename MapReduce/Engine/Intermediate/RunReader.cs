using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Reads one partition's pairs of a run, one checked block at a time.</summary>
internal sealed class RunReader : IDisposable
{
    private readonly Run _run;
    private readonly RunSegment _segment;
    private readonly SafeFileHandle _file;
    private readonly int _partition;
    private readonly bool _withPrefix;
    private byte[] _block = [];
    private int _at;
    private int _end;
    private int _blocks;
    private long _offset;
    private long _pairs;
    private int _keyStart;
    private int _keyLength;
    private int _valueStart;
    private int _valueLength;

    public RunReader(Run run, int partition, bool withPrefix)
    {
        _run = run;
        _partition = partition;
        _withPrefix = withPrefix;
        _segment = run.Segments[partition];
        _offset = _segment.Offset;
        try
        {
            _file = File.OpenHandle(run.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Corrupt($"it cannot be opened: {e.Message}", e);
        }
    }

    public ReadOnlySpan<byte> Key => _block.AsSpan(_keyStart, _keyLength);

    public ReadOnlySpan<byte> Value => _block.AsSpan(_valueStart, _valueLength);

    /// <summary>The key's first eight bytes as a number that is ordered as they are.</summary>
    public ulong Prefix { get; private set; }

    /// <summary>Whether the key is known to equal the one before.</summary>
    public bool SameKey { get; private set; }

    public bool MoveNext()
    {
        if (_at == _end && !NextBlock()) return false;
        try
        {
            ReadOnlySpan<byte> block = _block.AsSpan(0, _end);
            int keyLength = checked((int)Varint.Read(block, ref _at));
            SameKey = keyLength == 0;
            if (!SameKey)
            {
                _keyLength = keyLength - 1;
                _keyStart = _at;
                Prefix = _withPrefix ? KeyPrefix.Of(block.Slice(_at, _keyLength)) : 0;
                _at += _keyLength;
            }

            _valueLength = checked((int)Varint.Read(block, ref _at));
            _valueStart = _at;
            _at += _valueLength;
            if (_at > _end) throw Corrupt("a pair reaches beyond its block");
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException or OverflowException)
        {
            throw Corrupt("a pair cannot be taken apart", e);
        }

        _pairs++;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private bool NextBlock()
    {
        long left = _segment.Offset + _segment.Bytes - _offset;
        if (left == 0)
        {
            if (_pairs != _segment.Pairs) throw Corrupt($"it has {_pairs} pairs instead of {_segment.Pairs}");
            return false;
        }

        if (left < Run.BlockHeaderBytes) throw Corrupt("a block is cut off");
        if (_block.Length == 0) _block = new byte[(int)Math.Min(left, Run.BlockBytes + 1024)];
        int read = Read(0, (int)Math.Min(left, _block.Length));
        int length = BinaryPrimitives.ReadInt32LittleEndian(_block.AsSpan(4));
        if (length <= 0 || length > left - Run.BlockHeaderBytes) throw Corrupt($"a block claims to have {length} bytes");
        int total = Run.BlockHeaderBytes + length;
        if (total > _block.Length) Array.Resize(ref _block, total);
        if (total > read) Read(read, total - read);
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(_block);
        if (Crc32C.Append(RunWriter.Seed(_partition, _blocks), _block.AsSpan(4, total - 4)) != expected) throw Corrupt("a block's checksum is wrong");
        _offset += total;
        _blocks++;
        _at = Run.BlockHeaderBytes;
        _end = total;
        return true;
    }

    private int Read(int at, int count)
    {
        try
        {
            for (int done = 0; done < count;)
            {
                int read = RandomAccess.Read(_file, _block.AsSpan(at + done, count - done), _offset + at + done);
                if (read == 0) throw Corrupt("it ends too early");
                done += read;
            }

            return count;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    private MapReduceException Corrupt(string how, Exception? inner = null) => new(JobFailure.CorruptIntermediate,
        $"the intermediate file {_run.Path} is damaged in the block at byte {_offset} of partition {_partition}: {how}; run the job again, and look at the disk", inner) { Run = _run };

    private MapReduceException Unreadable(Exception e) => new(JobFailure.Storage, $"{_run.Path} cannot be read: {e.Message}", e) { Run = _run };
}
