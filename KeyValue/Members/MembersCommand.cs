namespace Quorleans.KeyValue.Members;

/// <summary>A change of the membership table. Times in it are ages: how long ago something was for whoever sends it.</summary>
public abstract record MembersCommand
{
    private protected MembersCommand()
    {
    }
}

/// <summary>What an insert and an update say.</summary>
public abstract record WriteRow : MembersCommand
{
    private protected WriteRow()
    {
    }

    /// <summary>Random, and the same when it is sent again: so the second one is answered as the first.</summary>
    public required Guid Request { get; init; }

    /// <summary>The etag that the table must have.</summary>
    public required long TableEtag { get; init; }

    /// <summary>The version that the table gets; it must be the next one.</summary>
    public required int TableVersion { get; init; }

    /// <summary>The silo's address.</summary>
    public required string Silo { get; init; }

    /// <summary>The node that it hosts.</summary>
    public required string Node { get; init; }

    /// <summary>Its status.</summary>
    public required int Status { get; init; }

    /// <summary>How long ago it said that it is alive, in milliseconds.</summary>
    public required long AliveAgeMs { get; init; }

    /// <summary>How long ago the latest of its start and of the votes against it was, in milliseconds.</summary>
    public required long SignAgeMs { get; init; }

    /// <summary>The rest of the row.</summary>
    public required ReadOnlyMemory<byte> Entry { get; init; }
}

/// <summary>Adds a silo's row.</summary>
public sealed record InsertRow : WriteRow;

/// <summary>Replaces a silo's row.</summary>
public sealed record UpdateRow : WriteRow
{
    /// <summary>The etag that the row must have.</summary>
    public required long RowEtag { get; init; }
}

/// <summary>A silo is alive. Changes no etag and no version; without a row nothing happens.</summary>
/// <param name="Silo">The silo.</param>
/// <param name="AgeMs">How long ago it said so, in milliseconds.</param>
public sealed record KeepAlive(string Silo, long AgeMs) : MembersCommand;

/// <summary>
/// Says that every silo that ever hosted a node is dead. Only who holds the lock of the node's data directory may know this; so a process that starts does not wait
/// for what the one before it has left.
/// </summary>
/// <param name="Node">The node.</param>
public sealed record RetireNode(string Node) : MembersCommand;

/// <summary>Removes the rows of dead silos of which nothing was heard for a time.</summary>
/// <param name="AgeMs">For how long, in milliseconds.</param>
public sealed record RemoveDefunct(long AgeMs) : MembersCommand;

/// <summary>
/// A node's silo wants to join now. While it does, no other one gets its turn: silos that join at the same time make each other's compare-and-set fail, and Orleans then
/// pauses for seconds. Only saves time: whoever joins out of turn is not hindered.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="LeaseMs">How long the turn lasts at most, if nobody ends it, in milliseconds.</param>
public sealed record TakeTurn(string Node, long LeaseMs) : MembersCommand;

/// <summary>A node's silo has joined, or given up.</summary>
/// <param name="Node">The node.</param>
public sealed record EndTurn(string Node) : MembersCommand;

/// <summary>Adds a node to the cluster, so that every process finds it. It may start afterwards.</summary>
/// <param name="Node">The node.</param>
public sealed record AddNode(MemberNode Node) : MembersCommand;

/// <summary>Removes a node from the cluster for good: its process ends, and its name is not used again. Whoever asks has seen to it that the node hosts nothing.</summary>
/// <param name="Node">The node's name.</param>
public sealed record RemoveNode(string Node) : MembersCommand;

/// <summary>Removes all rows.</summary>
public sealed record RemoveAll : MembersCommand;

/// <summary>What became of a command.</summary>
public enum MembersStatus
{
    /// <summary>It was carried out.</summary>
    Done = 1,

    /// <summary>The row or the table is not as expected, or it is another node's turn; nothing was changed.</summary>
    Conflict = 2,

    /// <summary>The table has no room for another row, node or name; nothing was changed.</summary>
    Full = 3,

    /// <summary>Another node has that name, or one of its ports; nothing was changed.</summary>
    Taken = 4,

    /// <summary>A node of that name was removed, and no other may bear it; nothing was changed.</summary>
    Removed = 5,
}

/// <summary>The table, or one row of it, at one moment.</summary>
/// <param name="Version">The table's version.</param>
/// <param name="Etag">The table's etag.</param>
/// <param name="Rows">The rows, by silo.</param>
public sealed record MembersAnswer(int Version, long Etag, IReadOnlyList<MembersRow> Rows);
