using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// A stretch of memory outside the collector's heap: it is neither cleared nor moved nor waited for by it, and what was never written to takes
/// none. In huge pages where the system has them, since tasks go through it in no order. Belongs to one thread at a time; not cleared.
/// </summary>
internal sealed unsafe partial class Arena : IDisposable
{
    private const long HugePage = 2 << 20;

    // Long enough that the system's allocator maps it by itself and unmaps it when it is freed, instead of keeping it in its heap.
    private const long Shortest = 64 << 20;
    private const int AdviseHugePages = 14;
    private byte* _start;
    private long _low;
    private long _high;

    /// <param name="bytes">How much at least.</param>
    /// <exception cref="OutOfMemoryException">There is not so much.</exception>
    public Arena(long bytes)
    {
        Bytes = (Math.Max(bytes, Shortest) + HugePage - 1) / HugePage * HugePage;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, (nuint)HugePage);

        // A system without huge pages refuses; then the pages are small.
        if (OperatingSystem.IsLinux()) _ = Advise(_start, (nuint)Bytes, AdviseHugePages);
    }

    /// <summary>How long it is.</summary>
    public long Bytes { get; }

    /// <summary>How much of it was ever written to, and so takes memory.</summary>
    public long Touched => Math.Min(Bytes, _low + _high);

    /// <summary>Its first byte.</summary>
    public byte* Start => _start != null ? _start : throw new ObjectDisposedException(nameof(Arena));

    /// <summary>Says how much of it was written to, at its beginning and at its end.</summary>
    public void Touch(long low, long high = 0)
    {
        _low = Math.Max(_low, low);
        _high = Math.Max(_high, high);
    }

    /// <summary>Gives the memory back to the system.</summary>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint bytes, int advice);
}
