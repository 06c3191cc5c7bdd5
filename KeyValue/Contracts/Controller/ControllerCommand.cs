using System.Collections.Immutable;

namespace Quorleans.KeyValue;

/// <summary>A command of the shard controller.</summary>
public abstract record ControllerCommand
{
    private protected ControllerCommand()
    {
    }

    /// <summary>Whether a client sends it, in a session; otherwise a group or a node reports by it, and it is idempotent by its ids.</summary>
    public abstract bool NeedsSession { get; }

    /// <summary>New groups come; the shards are spread anew.</summary>
    /// <param name="groups">The groups, in any order.</param>
    public static JoinCommand Join(params ReadOnlySpan<JoiningGroup> groups)
    {
        ImmutableArray<JoiningGroup>.Builder sorted = ImmutableArray.CreateBuilder<JoiningGroup>(groups.Length);
        foreach (JoiningGroup group in groups) sorted.Add(group);
        sorted.Sort(static (left, right) => left.Gid.CompareTo(right.Gid));
        return new JoinCommand(sorted.DrainToImmutable());
    }

    /// <summary>Groups go; the shards are spread anew. A gid named twice counts once.</summary>
    /// <param name="gids">The groups.</param>
    public static LeaveCommand Leave(params ReadOnlySpan<int> gids)
    {
        ImmutableSortedSet<int> sorted = ImmutableSortedSet.Create(gids);
        ImmutableArray<int>.Builder ascending = ImmutableArray.CreateBuilder<int>(sorted.Count);
        foreach (int gid in sorted) ascending.Add(gid);
        return new LeaveCommand(ascending.DrainToImmutable());
    }
}

/// <summary>New groups come; the shards are spread anew.</summary>
/// <param name="Groups">The groups, by ascending gid.</param>
public sealed record JoinCommand(ImmutableArray<JoiningGroup> Groups) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => true;
}

/// <summary>Groups go; the shards are spread anew.</summary>
/// <param name="Gids">The groups, ascending.</param>
public sealed record LeaveCommand(ImmutableArray<int> Gids) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => true;
}

/// <summary>One shard goes to a group, until shards are spread anew.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Gid">The group.</param>
public sealed record MoveCommand(ShardId Shard, int Gid) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => true;
}

/// <summary>The shards are spread anew over the groups there are.</summary>
public sealed record RebalanceCommand : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => true;
}

/// <summary>A node is there and may bear groups. The same node again changes nothing; another disk takes the name over unless a group is on it.</summary>
/// <param name="Node">The node.</param>
public sealed record RegisterNodeCommand(ControllerNode Node) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => false;
}

/// <summary>A node is there no more; refused while a group is on it.</summary>
/// <param name="Name">The node.</param>
public sealed record RemoveNodeCommand(string Name) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => true;
}

/// <summary>
/// A move is over. Committed: the destination's log has <c>Activate</c>. Aborted: the source's log has <c>ExportAbort</c> (of a bootstrap, which has no
/// source: the destination's log refuses it). The logs of these groups decide, never the controller.
/// </summary>
/// <param name="Shard">The shard.</param>
/// <param name="Move">The move's id.</param>
/// <param name="IsCommitted">Which of the two it is.</param>
public sealed record MoveOverCommand(ShardId Shard, long Move, bool IsCommitted) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => false;
}

/// <summary>A group has its first leader.</summary>
/// <param name="Gid">The group.</param>
/// <param name="Incarnation">Its incarnation.</param>
public sealed record GroupActiveCommand(int Gid, long Incarnation) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => false;
}

/// <summary>A group is on other nodes than before, by a change of its Raft membership.</summary>
/// <param name="Gid">The group.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="Version">The index of that membership in the group's log; an older one than is known changes nothing.</param>
/// <param name="Nodes">Its nodes.</param>
public sealed record MembersChangedCommand(int Gid, long Incarnation, long Version, ImmutableArray<ControllerNode> Nodes) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => false;
}

/// <summary>A node has removed its replica of a group that is gone.</summary>
/// <param name="Gid">The group.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="Node">The node.</param>
public sealed record GroupCleanedCommand(int Gid, long Incarnation, string Node) : ControllerCommand
{
    /// <inheritdoc/>
    public override bool NeedsSession => false;
}
