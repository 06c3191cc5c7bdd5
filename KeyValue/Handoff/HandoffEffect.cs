namespace Quorleans.KeyValue.Handoff;

/// <summary>What the host of a driver shall do. None needs an acknowledgement: what got lost is asked for again.</summary>
public enum HandoffEffectKind
{
    /// <summary>Propose <see cref="HandoffEffect.Payload"/> to the own group, not before <see cref="HandoffEffect.NotBeforeMs"/> in log time.</summary>
    Propose,

    /// <summary>Query <see cref="HandoffEffect.Payload"/> at the <see cref="HandoffEffect.Peer"/>'s leader, and hand the answer to <see cref="HandoffDriver.Answered"/>.</summary>
    Pull,

    /// <summary>Tell the <see cref="HandoffEffect.Peer"/>'s leader that it should pull at once (<see cref="HandoffDriver.Poked"/>). Only saves time.</summary>
    Poke,

    /// <summary>Tell the controller that the move is committed.</summary>
    ReportCommitted,

    /// <summary>Tell the controller that the move is aborted.</summary>
    ReportAborted,

    /// <summary>Delay each write to the move's shard by <see cref="HandoffEffect.DelayMs"/>; 0: no more.</summary>
    SlowWrites,

    /// <summary>Tell people: <see cref="HandoffEffect.Text"/>.</summary>
    Alarm,
}

/// <summary>What the host of a driver shall do.</summary>
public readonly record struct HandoffEffect
{
    /// <summary>What.</summary>
    public required HandoffEffectKind Kind { get; init; }

    /// <summary>For which move.</summary>
    public required ShardMove Move { get; init; }

    /// <summary>Propose, Pull: the bytes.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Propose: the entry's log time must not be earlier, in milliseconds.</summary>
    public long NotBeforeMs { get; init; }

    /// <summary>Pull, Poke: the other group.</summary>
    public GroupRef Peer { get; init; }

    /// <summary>SlowWrites: milliseconds.</summary>
    public int DelayMs { get; init; }

    /// <summary>Alarm: what is wrong and what can be done.</summary>
    public string? Text { get; init; }

    /// <summary>ReportCommitted, ReportAborted: what to tell the controller.</summary>
    public ControllerCommand Report => new MoveOverCommand(Move.Shard, Move.Id, Kind == HandoffEffectKind.ReportCommitted);
}
