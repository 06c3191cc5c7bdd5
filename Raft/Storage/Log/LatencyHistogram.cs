using System.Numerics;

namespace Quorleans.Raft.Storage;

/// <summary>Counts durations in buckets of about 19 % width. One thread adds; any may read.</summary>
public sealed class LatencyHistogram
{
    private const int PerOctave = 4;
    private readonly long[] _buckets = new long[40 * PerOctave];
    private long _count;
    private long _maximum;

    /// <summary>How many durations were added.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>The longest, in microseconds.</summary>
    public long MaximumMicroseconds => Volatile.Read(ref _maximum);

    /// <summary>Below which duration a share of all lay, in microseconds, to the bucket's upper border; 0 when empty.</summary>
    /// <param name="quantile">The share, from 0 to 1.</param>
    public double Quantile(double quantile)
    {
        long total = 0;
        foreach (ref long bucket in _buckets.AsSpan()) total += Volatile.Read(ref bucket);
        if (total == 0) return 0;
        long wanted = Math.Max(1, (long)Math.Ceiling(total * quantile));
        for (int i = 0; i < _buckets.Length; i++)
        {
            wanted -= Volatile.Read(ref _buckets[i]);
            if (wanted <= 0) return Math.Min(Upper(i), MaximumMicroseconds);
        }

        return MaximumMicroseconds;
    }

    internal void Add(TimeSpan duration)
    {
        long microseconds = Math.Max(0, (long)duration.TotalMicroseconds);
        Volatile.Write(ref _buckets[Bucket(microseconds)], _buckets[Bucket(microseconds)] + 1);
        if (microseconds > _maximum) Volatile.Write(ref _maximum, microseconds);
        Volatile.Write(ref _count, _count + 1);
    }

    private int Bucket(long microseconds)
    {
        if (microseconds < PerOctave) return (int)microseconds;
        int octave = BitOperations.Log2((ulong)microseconds);
        int part = (int)((microseconds >> (octave - 2)) & (PerOctave - 1));
        return Math.Min((octave - 1) * PerOctave + part, _buckets.Length - 1);
    }

    private static double Upper(int bucket) =>
        bucket < PerOctave ? bucket + 1 : (PerOctave + bucket % PerOctave + 1) * Math.Pow(2, bucket / PerOctave - 1);
}
