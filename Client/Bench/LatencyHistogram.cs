using System.Numerics;

namespace Quorleans.Client.Bench;

/// <summary>
/// Counts latencies in log-linear buckets: each power of two is cut into 64, so that a value is known to within 1.6 %. Recording allocates nothing.
/// For one thread at a time; histograms are added up at the end.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int LinearBits = 6;
    private const int Linear = 1 << LinearBits;

    // 2^42 ns are 73 minutes, longer than any deadline.
    private const int ValueBits = 42;
    private readonly long[] _counts = new long[(ValueBits - LinearBits + 1) * Linear];

    /// <summary>How many were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The largest, exactly.</summary>
    public long Max { get; private set; }

    /// <summary>Records a latency.</summary>
    /// <param name="nanoseconds">0 or more.</param>
    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Max(0, nanoseconds);
        _counts[BucketOf(Math.Min(nanoseconds, (1L << ValueBits) - 1))]++;
        Count++;
        Max = Math.Max(Max, nanoseconds);
    }

    /// <summary>Adds all of another.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The latency that the given part of all did not exceed.</summary>
    /// <param name="percentile">From 0 to 100.</param>
    /// <returns>Nanoseconds: the upper end of the bucket, never above <see cref="Max"/>; 0 when nothing was recorded.</returns>
    public long Percentile(double percentile)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(Count * percentile / 100));
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank) return Math.Min(Max, UpperEndOf(bucket));
        }

        return Max;
    }

    // Values below 64 have a bucket each; from there on, the six bits after the leading one choose among a power's 64 buckets.
    private static int BucketOf(long value)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - LinearBits);
        return (shift << LinearBits) + (int)(value >> shift);
    }

    private static long UpperEndOf(int bucket)
    {
        int shift = Math.Max(0, (bucket >> LinearBits) - 1);
        return ((bucket - ((long)shift << LinearBits) + 1) << shift) - 1;
    }
}
