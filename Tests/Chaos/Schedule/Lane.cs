namespace Quorleans.Chaos;

/// <summary>
/// A sequence of faults, one after the other; several lanes run side by side, so that their faults overlap. Everything in it follows from the seed. What a number means (the leader, or a group that
/// there is by then) is found out when its turn comes, so two runs with a seed have the same schedule and not the same history. A lane begins with one of each fault that it has, in an order that the seed
/// says, and goes on by weight: a short run has the rare ones, too.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="shortest">The shortest pause before a fault.</param>
/// <param name="longest">The longest.</param>
/// <param name="mix">How often each fault.</param>
internal sealed class Lane(string name, int seed, TimeSpan shortest, TimeSpan longest, params (FaultKind Kind, int Weight)[] mix)
{
    // Not string.GetHashCode: that differs from run to run.
    private readonly Random _random = new(name.Aggregate(seed, static (hash, character) => unchecked((hash * 31) + character)));

    private Queue<FaultKind>? _firsts;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Whether it has any fault.</summary>
    public bool IsEmpty => mix.Sum(static part => part.Weight) == 0;

    /// <summary>The next fault.</summary>
    public Step Next()
    {
        TimeSpan before = shortest + ((longest - shortest) * _random.NextDouble());
        _firsts ??= Shuffled();
        return new Step(_firsts.TryDequeue(out FaultKind first) ? first : Draw(), before, _random.NextDouble(), _random.Next(), _random.Next(), _random.Next());
    }

    private FaultKind Draw()
    {
        int at = _random.Next(mix.Sum(static part => part.Weight));
        int kind = 0;
        while (at >= mix[kind].Weight) at -= mix[kind++].Weight;
        return mix[kind].Kind;
    }

    private Queue<FaultKind> Shuffled()
    {
        FaultKind[] kinds = [.. mix.Select(static part => part.Kind)];
        _random.Shuffle(kinds);
        return new Queue<FaultKind>(kinds);
    }
}

/// <summary>A fault of a schedule.</summary>
/// <param name="Kind">What.</param>
/// <param name="Before">How long after the end of the one before it begins.</param>
/// <param name="Length">How long it lasts, from 0 to 1 of what is usual for its kind.</param>
/// <param name="First">A choice.</param>
/// <param name="Second">Another.</param>
/// <param name="Third">And another.</param>
internal sealed record Step(FaultKind Kind, TimeSpan Before, double Length, int First, int Second, int Third)
{
    /// <summary>How long it lasts.</summary>
    /// <param name="shortest">Seconds.</param>
    /// <param name="longest">Seconds.</param>
    public TimeSpan For(double shortest, double longest) => TimeSpan.FromSeconds(shortest + ((longest - shortest) * Length));
}
