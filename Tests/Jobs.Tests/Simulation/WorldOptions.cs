namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>What may go wrong in a world, and how often. All times are virtual milliseconds.</summary>
internal sealed record WorldOptions
{
    public required int Seed { get; init; }

    public int Trackers { get; init; } = 3;

    public int Jobs { get; init; } = 2;

    /// <summary>How long things go wrong; then everything that is down comes up, and every job has to end.</summary>
    public long FaultsUntilMs { get; init; } = 40_000;

    /// <summary>Chances, in a thousand, that a coordinator dies, or is paused and replaced, at a step: before an append, in its middle, after it, or between two file operations.</summary>
    public int CoordinatorDies { get; init; }

    public int CoordinatorPauses { get; init; }

    /// <summary>The only step at which a coordinator dies or is paused, counted from 1; 0: by chance.</summary>
    public int FaultAtStep { get; init; }

    /// <summary>Chances, in a thousand and each second, that a tracker dies and comes back as another, or is paused.</summary>
    public int TrackerDies { get; init; }

    public int TrackerPauses { get; init; }

    /// <summary>Chances, in a thousand, that a message is lost, comes twice, or comes seconds late.</summary>
    public int NetworkFaults { get; init; }

    /// <summary>Chances, in a thousand, that what an operation on the store did stays unknown for a while.</summary>
    public int StoreFaults { get; init; }

    /// <summary>Chances, in a thousand, that an attempt fails, crashes at a record, or finds a map output damaged.</summary>
    public int AttemptFails { get; init; }

    /// <summary>Chances, in a hundred, that a job is cancelled at some time.</summary>
    public int Cancels { get; init; }

    /// <summary>Whether every job is cancelled as soon as it is about to publish.</summary>
    public bool CancelsInCommit { get; init; }

    /// <summary>Chances, in a hundred, that an attempt takes half a minute.</summary>
    public int Stragglers { get; init; }
}
