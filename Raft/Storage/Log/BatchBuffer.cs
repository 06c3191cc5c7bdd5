using System.Runtime.CompilerServices;

namespace Quorleans.Raft.Storage;

/// <summary>
/// A batch being built, then written: the header's place, the records, zeros up to a page. The memory is kept for the next batch; only a batch far
/// above the usual gives its memory back.
/// </summary>
internal sealed class BatchBuffer
{
    internal const int PageBytes = 4096;
    internal const int MaximumBytes = 512 << 20;
    private const int InitialBytes = PageBytes;
    private const int KeptBytes = 8 << 20;
    private byte[] _array = []; // of ordinary memory: writes go through the page cache, and pinned arrays live until a full collection

    /// <summary>How many bytes are used, with the header's.</summary>
    internal int Position { get; private set; } = BatchHeader.Bytes;

    /// <summary>Whether any record was written.</summary>
    internal bool IsEmpty => Position == BatchHeader.Bytes;

    /// <summary>How many bytes it takes on disk.</summary>
    internal int PaddedBytes => Pad(Position);

    /// <summary>The header's place.</summary>
    internal Span<byte> Header => All[..BatchHeader.Bytes];

    /// <summary>The records.</summary>
    internal ReadOnlySpan<byte> Body => All[BatchHeader.Bytes..Position];

    // Allocated when it is first used: a log that is only read at a start needs none.
    private Span<byte> All
    {
        get
        {
            if (_array.Length == 0) Allocate(InitialBytes);
            return _array;
        }
    }

    internal static int Pad(int bytes) => (bytes + PageBytes - 1) & -PageBytes;

    internal static long Pad(long bytes) => (bytes + PageBytes - 1) & -PageBytes;

    /// <summary>Takes the next bytes, for a record to be written straight into them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<byte> Take(int bytes)
    {
        if (bytes > _array.Length - Position) Grow(bytes);
        Span<byte> taken = _array.AsSpan(Position, bytes);
        Position += bytes;
        return taken;
    }

    /// <summary>The whole batch as it goes to disk.</summary>
    internal ReadOnlySpan<byte> Padded()
    {
        int padded = PaddedBytes;
        Span<byte> all = All[..padded];
        all[Position..].Clear();
        return all;
    }

    /// <summary>Makes it empty again.</summary>
    internal void Reset()
    {
        if (_array.Length > KeptBytes && Position <= KeptBytes / 4) Allocate(InitialBytes);
        Position = BatchHeader.Bytes; // the header is written whole when it is sealed
    }

    private void Grow(int bytes)
    {
        long needed = (long)Position + bytes;
        Invariant.Check(needed <= MaximumBytes, $"A log batch of {needed} bytes; ask CanAppend before appending.");
        ReadOnlySpan<byte> old = All[..Position];
        if (needed <= _array.Length) return; // it was the first use
        Allocate((int)Math.Max(needed, Math.Min(2L * _array.Length, MaximumBytes)));
        old.CopyTo(_array);
    }

    private void Allocate(int bytes) => _array = GC.AllocateUninitializedArray<byte>(Pad(bytes));
}
