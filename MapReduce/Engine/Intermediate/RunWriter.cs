using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Writes a run: partitions in order, in each the pairs in order. A pair whose key equals the one before has its value only.</summary>
internal sealed class RunWriter : IDisposable
{
    private readonly WorkFiles _files;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly RunSegment[] _segments;
    private byte[] _block = new byte[2 * Run.BlockBytes];
    private int _length = Run.BlockHeaderBytes;
    private int _keyStart;
    private int _keyLength = -1;
    private int _partition = -1;
    private int _blocks;
    private long _pairs;
    private long _start;
    private long _offset;

    public RunWriter(WorkFiles files, string path, int partitions)
    {
        _files = files;
        _path = path;
        _segments = new RunSegment[partitions];
        _file = files.Create(path);
    }

    /// <summary>Begins a partition, and ends the one before.</summary>
    public void BeginPartition(int partition)
    {
        EndPartition();
        _partition = partition;
        _start = _offset;
        _blocks = 0;
        _pairs = 0;
    }

    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_length >= Run.BlockBytes) Flush();
        long needed = (long)_length + key.Length + value.Length + (2 * Varint.MaxBytes);
        if (needed > _block.Length) Array.Resize(ref _block, checked((int)needed));
        if (key.Length == _keyLength && key.SequenceEqual(_block.AsSpan(_keyStart, _keyLength)))
        {
            _block[_length++] = 0;
        }
        else
        {
            _length += Varint.Write(_block.AsSpan(_length), (ulong)key.Length + 1);
            key.CopyTo(_block.AsSpan(_length));
            _keyStart = _length;
            _keyLength = key.Length;
            _length += key.Length;
        }

        _length += Varint.Write(_block.AsSpan(_length), (ulong)value.Length);
        value.CopyTo(_block.AsSpan(_length));
        _length += value.Length;
        _pairs++;
    }

    /// <summary>Ends the run.</summary>
    public Run Finish()
    {
        EndPartition();
        return new Run(_path, _segments);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>What a block's checksum begins with.</summary>
    internal static uint Seed(int partition, int block)
    {
        Span<byte> place = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(place, partition);
        BinaryPrimitives.WriteInt32LittleEndian(place[4..], block);
        return Crc32C.Append(0, place);
    }

    private void EndPartition()
    {
        if (_partition < 0) return;
        Flush();
        _segments[_partition] = new RunSegment(_start, _offset - _start, _pairs);
        _partition = -1;
    }

    private void Flush()
    {
        if (_length == Run.BlockHeaderBytes) return;
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(4), _length - Run.BlockHeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(_block, Crc32C.Append(Seed(_partition, _blocks), _block.AsSpan(4, _length - 4)));
        _files.Write(_file, _path, _block.AsSpan(0, _length), _offset);
        _offset += _length;
        _blocks++;
        _length = Run.BlockHeaderBytes;
        _keyLength = -1;
    }
}
