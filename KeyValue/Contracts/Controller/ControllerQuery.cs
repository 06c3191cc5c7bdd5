using System.Collections.Immutable;

namespace Quorleans.KeyValue;

/// <summary>A question to the shard controller.</summary>
public abstract record ControllerQuery
{
    private protected ControllerQuery()
    {
    }
}

/// <summary>Asks for a numbered configuration; answered by <see cref="ConfigurationAnswer"/>.</summary>
/// <param name="Number">The number; -1, or one that is too large, for the newest.</param>
public sealed record ConfigurationQuery(long Number) : ControllerQuery
{
    /// <summary>The newest configuration.</summary>
    public const long Newest = -1;
}

/// <summary>Asks for the map; answered by <see cref="MapAnswer"/>.</summary>
/// <param name="KnownRevision">The revision that the asker has, or -1: the answer is short when there is nothing newer.</param>
public sealed record MapQuery(long KnownRevision = -1) : ControllerQuery;

/// <summary>Asks what a command would do if it came now, without doing it; answered by <see cref="PlanAnswer"/>.</summary>
/// <param name="Command">A Join, Leave, Move or Rebalance.</param>
public sealed record PlanQuery(ControllerCommand Command) : ControllerQuery;

/// <summary>An answer of the shard controller.</summary>
public abstract record ControllerAnswer
{
    private protected ControllerAnswer()
    {
    }
}

/// <summary>Answers <see cref="ConfigurationQuery"/>.</summary>
/// <param name="First">The number of the oldest configuration that is kept.</param>
/// <param name="Configuration">The configuration; null when it was compacted away (<see cref="ControllerStatus.Compacted"/>).</param>
public sealed record ConfigurationAnswer(long First, ShardConfiguration? Configuration) : ControllerAnswer
{
    /// <summary>Ok or Compacted.</summary>
    public ControllerStatus Status => Configuration is null ? ControllerStatus.Compacted : ControllerStatus.Ok;
}

/// <summary>Answers <see cref="MapQuery"/>.</summary>
/// <param name="Revision">The map's revision.</param>
/// <param name="Map">The map; null when the asker has it already.</param>
public sealed record MapAnswer(long Revision, ShardMap? Map) : ControllerAnswer;

/// <summary>Answers <see cref="PlanQuery"/>.</summary>
/// <param name="Result">What the command would be answered.</param>
/// <param name="Changes">The shards whose targets it would change, by number.</param>
public sealed record PlanAnswer(ControllerResult Result, ImmutableArray<PlannedChange> Changes) : ControllerAnswer;

/// <summary>A shard that would get another target.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="From">The gid of the target that it has, 0 for nobody.</param>
/// <param name="To">The gid of the target that it would have.</param>
/// <param name="Owner">The gid that owns it now; when it is <paramref name="To"/>, no data would move.</param>
public readonly record struct PlannedChange(ShardId Shard, int From, int To, int Owner);
