namespace Quorleans.MapReduce.Jobs;

/// <summary>A tracker's heartbeat: says what it is, what it does and what ended, and renews the leases of its attempts.</summary>
public sealed record TrackerReport
{
    /// <summary>The node's name.</summary>
    public required string Tracker { get; init; }

    /// <summary>This start of it. A new one has none of the attempts and map outputs of the one before.</summary>
    public required string Incarnation { get; init; }

    /// <summary>Counts its heartbeats: one that arrives late says nothing new.</summary>
    public required long Sequence { get; init; }

    /// <summary>Its machine: trackers of the same one read each other's files.</summary>
    public required string Machine { get; init; }

    /// <summary>Where others fetch map outputs; empty when they cannot.</summary>
    public required string Endpoint { get; init; }

    /// <summary>How many attempts it runs at a time; 0 when it is about to stop.</summary>
    public required int Slots { get; init; }

    /// <summary>Attempts that run.</summary>
    public IReadOnlyList<AttemptProgress> Running { get; init; } = [];

    /// <summary>Attempts that ended; said again until acknowledged.</summary>
    public IReadOnlyList<TaskOutcome> Ended { get; init; } = [];

    /// <summary>Jobs of which it holds files.</summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];
}

/// <summary>How far an attempt is.</summary>
/// <param name="Key">The attempt.</param>
/// <param name="Bytes">Map: bytes of its split read. Reduce: bytes of output written.</param>
/// <param name="Records">Map: records mapped. Reduce: pairs reduced.</param>
/// <param name="Fraction">From 0 to 1, as well as it is known.</param>
/// <param name="Status">What user code said last.</param>
public sealed record AttemptProgress(AttemptKey Key, long Bytes, long Records, double Fraction, string Status);
