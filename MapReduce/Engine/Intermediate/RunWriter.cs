using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Writes a run: partitions in order, in each the pairs in order. A pair whose key equals the one before has its value only.</summary>
internal sealed class RunWriter : IDisposable
{
    private const int BufferBytes = 6 * Run.BlockBytes;
    private readonly WorkFiles _files;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly RunSegment[] _segments;
    private readonly IoBuffer _buffer = new(BufferBytes + (2 * Run.BlockBytes));
    private byte[] _bytes;
    private int _blockStart;
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
        _bytes = _buffer.Bytes;
        try
        {
            _file = files.Create(path);
        }
        catch
        {
            _buffer.Dispose();
            throw;
        }
    }

    /// <summary>Begins a partition, and ends the one before.</summary>
    public void BeginPartition(int partition)
    {
        EndPartition();
        _partition = partition;
        _start = _offset + _blockStart;
        _blocks = 0;
        _pairs = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        MakeRoom((long)key.Length + value.Length + (2 * Varint.MaxBytes));
        if (IsSameKey(key))
        {
            _bytes[_length++] = 0;
        }
        else
        {
            _length += Varint.Write(_bytes.AsSpan(_length), (ulong)key.Length + 1);
            key.CopyTo(_bytes.AsSpan(_length));
            _keyStart = _length;
            _keyLength = key.Length;
            _length += key.Length;
        }

        _length += Varint.Write(_bytes.AsSpan(_length), (ulong)value.Length);
        value.CopyTo(_bytes.AsSpan(_length));
        _length += value.Length;
        _pairs++;
    }

    /// <summary>Writes a pair that is in a run's form already: the key's length + 1, the key, the value's length, the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<byte> pair, int keyStart, int keyLength)
    {
        MakeRoom(pair.Length + 1L);
        if (IsSameKey(pair.Slice(keyStart, keyLength)))
        {
            _bytes[_length++] = 0;
            pair = pair[(keyStart + keyLength)..];
        }
        else
        {
            _keyStart = _length + keyStart;
            _keyLength = keyLength;
        }

        pair.CopyTo(_bytes.AsSpan(_length));
        _length += pair.Length;
        _pairs++;
    }

    /// <summary>Ends the run.</summary>
    public Run Finish()
    {
        EndPartition();
        Flush();
        return new Run(_path, _segments);
    }

    public void Dispose()
    {
        _file.Dispose();
        _buffer.Dispose();
    }

    /// <summary>What a block's checksum begins with.</summary>
    internal static uint Seed(int partition, int block)
    {
        Span<byte> place = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(place, partition);
        BinaryPrimitives.WriteInt32LittleEndian(place[4..], block);
        return Crc32C.Append(0, place);
    }

    private bool IsSameKey(ReadOnlySpan<byte> key) => key.Length == _keyLength && key.SequenceEqual(_bytes.AsSpan(_keyStart, _keyLength));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MakeRoom(long needed)
    {
        if (_length - _blockStart >= Run.BlockBytes) EndBlock();
        if (_length + needed <= _bytes.Length) return;
        if (_length + needed > Array.MaxLength) throw new MapReduceException(JobFailure.TooLong, $"a pair of {needed} bytes is too long: 2 GB are the limit");
        _buffer.Grow(_length + needed, _length);
        _bytes = _buffer.Bytes;
    }

    private void EndPartition()
    {
        if (_partition < 0) return;
        EndBlock();
        _segments[_partition] = new RunSegment(_start, _offset + _blockStart - _start, _pairs);
        _partition = -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EndBlock()
    {
        Span<byte> block = _bytes.AsSpan(_blockStart, _length - _blockStart);
        if (block.Length == Run.BlockHeaderBytes) return;
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], block.Length - Run.BlockHeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(block, Crc32C.Append(Seed(_partition, _blocks), block[4..]));
        _blocks++;
        _blockStart = _length;
        _keyLength = -1;
        if (_blockStart >= BufferBytes) Flush();
        _length = _blockStart + Run.BlockHeaderBytes;
    }

    // Whole blocks, several at a time.
    private void Flush()
    {
        if (_blockStart > 0) _files.Write(_file, _path, _bytes.AsSpan(0, _blockStart), _offset);
        _offset += _blockStart;
        _blockStart = 0;
        _length = Run.BlockHeaderBytes;
    }
}
