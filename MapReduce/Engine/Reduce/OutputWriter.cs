using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Writes an output file.</summary>
internal sealed class OutputWriter(WorkFiles files, string path, OutputFormat format, JobProgress progress) : IDisposable
{
    private const int BufferBytes = 256 * 1024;
    private readonly SafeFileHandle _file = files.Create(path);
    private readonly IoBuffer _memory = new(BufferBytes);
    private byte[] _buffer = [];
    private int _used;

    /// <summary>How many records were written.</summary>
    public long Records { get; private set; }

    /// <summary>How many bytes were written.</summary>
    public long Bytes { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        long needed = (long)key.Length + value.Length + 2;
        if (needed > _buffer.Length - _used)
        {
            Flush();
            if (needed > _memory.Bytes.Length) _memory.Grow(checked((int)needed), 0);
            _buffer = _memory.Bytes;
        }

        Put(key);
        if (format == OutputFormat.KeyValueLines) _buffer[_used++] = (byte)' ';
        Put(value);
        if (format != OutputFormat.Raw) _buffer[_used++] = (byte)'\n';
        Records++;
    }

    /// <summary>Writes what is left, and to the disk itself when it must survive a power loss.</summary>
    public void Finish(bool durable)
    {
        Flush();
        if (durable) DurableFiles.Sync(_file, path);
    }

    public void Dispose()
    {
        _file.Dispose();
        _memory.Dispose();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private void Flush()
    {
        if (_used == 0) return;
        files.Write(_file, path, _buffer.AsSpan(0, _used), Bytes);
        Bytes += _used;
        progress.AddOutput(_used);
        _used = 0;
    }
}
