namespace Quorleans.Raft;

/// <summary>A small deterministic generator (Steele, Lea, Flood 2014): the same seed gives the same numbers on every machine.</summary>
/// <param name="seed">The seed.</param>
public struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="exclusive"/> - 1.</summary>
    /// <param name="exclusive">The bound; positive.</param>
    public int Next(int exclusive) => (int)(((Next() >> 32) * (ulong)exclusive) >> 32);
}
