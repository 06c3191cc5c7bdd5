using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>All of a simulation's chance. The same seed gives the same numbers on every machine and every .NET.</summary>
/// <param name="seed">The seed.</param>
public sealed class SimulationRandom(ulong seed)
{
    private SplitMix64 _numbers = new(seed);

    /// <summary>The next 64 bits.</summary>
    public ulong Next() => _numbers.Next();

    /// <summary>A number from 0 to below <paramref name="exclusive"/>.</summary>
    public int Below(int exclusive) => _numbers.Next(exclusive);

    /// <summary>A number from <paramref name="from"/> to below <paramref name="to"/>; <paramref name="from"/> when there is none.</summary>
    public long Between(long from, long to) => to <= from ? from : from + (long)(_numbers.Next() % (ulong)(to - from));

    /// <summary>True so many times in a million.</summary>
    public bool Chance(int perMillion) => perMillion > 0 && _numbers.Next(1_000_000) < perMillion;

    /// <summary>True one time in <paramref name="n"/>.</summary>
    public bool OneIn(int n) => _numbers.Next(n) == 0;

    /// <summary>One of several.</summary>
    public T Of<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>A generator of its own, so that drawing more here does not change what is drawn there.</summary>
    public SimulationRandom Fork() => new(Next());
}
