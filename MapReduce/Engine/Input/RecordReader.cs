using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Reads the records of file parts, one part after the other, into one buffer that grows with the longest record only.</summary>
internal sealed class RecordReader(IRecordFormat format, int maxRecordBytes, CancellationToken cancellation) : IDisposable
{
    private const int InitialBytes = 256 * 1024;
    private readonly int _header = format is IFramedRecordFormat framed ? framed.HeaderBytes : 0;
    private readonly IoBuffer _memory = new(InitialBytes);
    private byte[] _buffer = [];
    private int _size = InitialBytes;
    private SafeFileHandle? _file;
    private FileRange _range = new("", 0, 0);
    private long _position;
    private int _from;
    private int _to;
    private bool _isLast;

    /// <summary>Where the record that was read last begins.</summary>
    public long Position { get; private set; }

    /// <summary>How many bytes of its parts were read so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Goes to the first record of a part.</summary>
    public void Open(FileRange range)
    {
        _file?.Dispose();
        _file = null;
        _range = range;
        _from = _to = 0;
        _isLast = false;
        try
        {
            _file = File.OpenHandle(range.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }

        // What begins before the part and ends in it belongs to the part before.
        int skip = range.Start == 0 ? 0 : (int)Math.Min(format.LookBehind, range.Start);
        _position = range.Start - skip;
        if (skip > 0 && TryTake(1, out _, out int consumed)) Advance(consumed);
    }

    /// <summary>Reads the next record of the part.</summary>
    /// <param name="record">The record; valid until the next call.</param>
    /// <returns>False at the part's end.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRead(out ReadOnlySpan<byte> record)
    {
        record = default;
        long owned = _range.End - _position;
        if (owned <= 0 || !TryTake((int)Math.Min(owned, int.MaxValue), out int bytes, out int consumed)) return false;
        record = _buffer.AsSpan(_from + _header, bytes - _header);
        Position = _position;
        BytesRead += Math.Min(consumed, owned);
        Advance(consumed);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _memory.Dispose();
    }

    private void Advance(int consumed)
    {
        _from += consumed;
        _position += consumed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryTake(int owned, out int bytes, out int consumed)
    {
        while (true)
        {
            if (_to > _from)
            {
                if (format.TryRead(_buffer.AsSpan(_from, _to - _from), owned, _isLast, out bytes, out consumed))
                {
                    // A format of the user's that stands still would never end.
                    if (consumed > 0 && consumed <= _to - _from && bytes >= 0 && bytes <= consumed) return true;
                    throw new MapReduceException(JobFailure.UserCode, $"the record format took {bytes} and {consumed} of {_to - _from} bytes at byte {_position} of {_range.Path}");
                }

                if (_isLast)
                    throw new MapReduceException(JobFailure.Input, $"{_range.Path} ends within a record, which begins at byte {_position}");
            }
            else if (_isLast)
            {
                bytes = consumed = 0;
                if (_position < _range.End) throw new MapReduceException(JobFailure.Input, $"{_range.Path} became shorter while it was read: {_position} bytes instead of {_range.End} or more");
                return false;
            }

            Fill();
        }
    }

    private void Fill()
    {
        cancellation.ThrowIfCancellationRequested();
        if (_from > 0)
        {
            _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
            _to -= _from;
            _from = 0;
        }

        if (_to == _size) Grow();
        _buffer = _memory.Bytes;
        try
        {
            int read = RandomAccess.Read(_file!, _buffer.AsSpan(_to, _size - _to), _position + _to);
            _to += read;
            _isLast = read == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    private void Grow()
    {
        if (_size >= maxRecordBytes)
            throw new MapReduceException(JobFailure.TooLong, $"the record at byte {_position} of {_range.Path} is longer than {maxRecordBytes} bytes, the limit for a record; more is allowed by a larger limit or more memory");
        int size = (int)Math.Min(_size * 2L, maxRecordBytes);
        if (size > _memory.Bytes.Length) _memory.Grow(size, _to);
        _size = size;
    }

    private MapReduceException Unreadable(Exception e) => new(JobFailure.Input, $"the input {_range.Path} cannot be read: {e.Message}", e);
}
