using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Says where an attempt is, in memory that another process shares: the record that is being mapped is still known when user code has ended the
/// process, and an attempt that does not move is noticed. Costs the attempt one store a record.
/// </summary>
/// <remarks>One attempt at a time writes; the other process may read <see cref="Activity"/> at any time, <see cref="Record"/> when the writer is dead.</remarks>
public sealed unsafe class RecordMark : IRecordWatch, IDisposable
{
    private const int PathAt = 24;
    private const int PathBytesAt = 20;
    private const int StepsAt = 8;
    private const int MostPathBytes = 4096;
    private const int FileBytes = PathAt + MostPathBytes;
    private const long NoRecord = -1;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _memory;

    private RecordMark(string path, FileMode mode)
    {
        _file = MemoryMappedFile.CreateFromFile(path, mode, null, FileBytes, MemoryMappedFileAccess.ReadWrite);
        _view = _file.CreateViewAccessor(0, FileBytes);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _memory);
        _memory += _view.PointerOffset;
    }

    /// <summary>The record that is being mapped; null: none, or its path is too long to be kept.</summary>
    public RecordAddress? Record
    {
        get
        {
            long position = Position;
            int length = BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(_memory + PathBytesAt, sizeof(int)));
            if (position < 0 || length is <= 0 or > MostPathBytes) return null;
            return new RecordAddress(Encoding.UTF8.GetString(_memory + PathAt, length), position);
        }
    }

    /// <summary>Differs between two looks when the attempt moved in between.</summary>
    public (long Position, long Steps) Activity => (Position, Steps);

    private long Position
    {
        get => Volatile.Read(ref *(long*)_memory);
        set => Volatile.Write(ref *(long*)_memory, value);
    }

    private long Steps
    {
        get => Volatile.Read(ref *(long*)(_memory + StepsAt));
        set => Volatile.Write(ref *(long*)(_memory + StepsAt), value);
    }

    /// <summary>Makes a mark that is at no record.</summary>
    /// <param name="path">A file for it, that must not be there yet. It may be deleted when both processes have it open.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static RecordMark Create(string path)
    {
        RecordMark mark = new(path, FileMode.CreateNew);
        mark.Close();
        return mark;
    }

    /// <summary>Opens one that another process made.</summary>
    /// <param name="path">Its file.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static RecordMark OpenExisting(string path) => new(path, FileMode.Open);

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <inheritdoc/>
    public void Open(string path)
    {
        Close();
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        bool fits = bytes.Length <= MostPathBytes;
        BinaryPrimitives.WriteInt32LittleEndian(new Span<byte>(_memory + PathBytesAt, sizeof(int)), fits ? bytes.Length : 0);
        if (fits) bytes.CopyTo(new Span<byte>(_memory + PathAt, MostPathBytes));
        Step();
    }

    /// <inheritdoc/>
    public void Begin(long position) => Position = position;

    /// <inheritdoc/>
    public void Close() => Position = NoRecord;

    /// <inheritdoc/>
    public void Step() => Steps++;
}
