using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Reads one partition's pairs of a run, checked block by block.</summary>
internal sealed class RunReader : IDisposable
{
    private readonly Run _run;
    private readonly RunSegment _segment;
    private readonly SafeFileHandle _file;
    private readonly int _partition;
    private readonly bool _withPrefix;
    private readonly IoBuffer _buffer;
    private byte[] _bytes;
    private int _at;
    private int _end;
    private int _filled;
    private int _blocks;
    private long _offset;
    private long _pairs;
    private int _keyStart;
    private int _keyLength;
    private int _valueStart;
    private int _valueLength;

    /// <param name="run">The run.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="withPrefix">Whether <see cref="Prefix"/> is needed.</param>
    /// <param name="bufferBytes">How much is read at a time, unless a block is longer.</param>
    public RunReader(Run run, int partition, bool withPrefix, int bufferBytes)
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

        _buffer = new IoBuffer((int)Math.Clamp(_segment.Bytes, Run.BlockHeaderBytes, bufferBytes));
        _bytes = _buffer.Bytes;
    }

    public ReadOnlySpan<byte> Key => _bytes.AsSpan(_keyStart, _keyLength);

    public ReadOnlySpan<byte> Value => _bytes.AsSpan(_valueStart, _valueLength);

    /// <summary>The key's first eight bytes as a number that is ordered as they are.</summary>
    public ulong Prefix { get; private set; }

    /// <summary>Whether the key is known to equal the one before.</summary>
    public bool SameKey { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool MoveNext()
    {
        if (_at == _end && !NextBlock()) return false;
        try
        {
            ReadOnlySpan<byte> block = _bytes.AsSpan(0, _end);
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
            _at = checked(_at + _valueLength);
            if (_at > _end) throw Corrupt("a pair reaches beyond its block");
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException or OverflowException)
        {
            throw Corrupt("a pair cannot be taken apart", e);
        }

        _pairs++;
        return true;
    }

    public void Dispose()
    {
        _file.Dispose();
        _buffer.Dispose();
    }

    // The buffer has the rest of the block that was read last, and then what follows it in the file.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool NextBlock()
    {
        long left = _segment.Offset + _segment.Bytes - _offset;
        if (left == 0)
        {
            if (_pairs != _segment.Pairs) throw Corrupt($"it has {_pairs} pairs instead of {_segment.Pairs}");
            return false;
        }

        if (left < Run.BlockHeaderBytes) throw Corrupt("a block is cut off");
        Have(Run.BlockHeaderBytes, left);
        int length = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(_end + 4));
        if (length <= 0 || length > left - Run.BlockHeaderBytes) throw Corrupt($"a block claims to have {length} bytes");
        int total = Run.BlockHeaderBytes + length;
        Have(total, left);
        ReadOnlySpan<byte> block = _bytes.AsSpan(_end, total);
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(block);
        if (Crc32C.Append(RunWriter.Seed(_partition, _blocks), block[4..]) != expected) throw Corrupt("a block's checksum is wrong");
        _offset += total;
        _blocks++;
        _at = _end + Run.BlockHeaderBytes;
        _end += total;
        return true;
    }

    // Brings so many bytes of the next block, and as many of the segment behind it as fit, into the buffer.
    private void Have(int count, long left)
    {
        int rest = _filled - _end;
        if (rest >= count) return;
        _bytes.AsSpan(_end, rest).CopyTo(_bytes);
        _end = 0;
        if (count > _bytes.Length)
        {
            _buffer.Grow(count, rest);
            _bytes = _buffer.Bytes;
        }

        _filled = rest;
        int wanted = (int)Math.Min(left, _bytes.Length) - rest;
        Read(rest, wanted);
        _filled += wanted;
    }

    private void Read(int at, int count)
    {
        try
        {
            for (int done = 0; done < count;)
            {
                int read = RandomAccess.Read(_file, _bytes.AsSpan(at + done, count - done), _offset + at + done);
                if (read == 0) throw Corrupt("it ends too early");
                done += read;
            }
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
