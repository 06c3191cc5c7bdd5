namespace Quorleans.KeyValue;

/// <summary>
/// What became of a command or a query of the shard controller. The numbers stand in messages and snapshots. A refusal changed nothing.
/// <see cref="DeadlinePassed"/>, <see cref="Stale"/> and <see cref="Busy"/> do not consume the sequence; all others do, and every retry gets the same answer.
/// </summary>
public enum ControllerStatus : byte
{
    /// <summary>No answer; never encoded.</summary>
    None = 0,

    /// <summary>Done; the result's number is that of the configuration that holds from now on.</summary>
    Ok = 1,

    /// <summary>Join: the subject, a gid, is in the configuration already.</summary>
    GroupExists = 2,

    /// <summary>Leave, Move: the subject, a gid, is not in the configuration.</summary>
    UnknownGroup = 3,

    /// <summary>Join: the subject, a node, is not registered.</summary>
    UnknownNode = 4,

    /// <summary>Join: the subject, a gid, has no nodes.</summary>
    NoNodes = 5,

    /// <summary>Join: the subject, a node, is named twice for one group.</summary>
    NodeTwice = 6,

    /// <summary>Join: the subject, a gid, has more nodes than the limit.</summary>
    TooManyNodes = 7,

    /// <summary>Join: more groups than the limit; the subject is the limit. RegisterNode: more nodes than the limit.</summary>
    TooMany = 8,

    /// <summary>Leave: no group would be left to hold the data.</summary>
    LastGroup = 9,

    /// <summary>Move, reports: the subject is no shard of this cluster.</summary>
    ShardOutOfRange = 10,

    /// <summary>Join: the subject, a gid, still hands its shards over after it left, and the nodes named are not its nodes. Try again when it is gone.</summary>
    GroupLeaving = 11,

    /// <summary>RemoveNode, RegisterNode: the subject, a gid, has a replica on the node.</summary>
    NodeInUse = 12,

    /// <summary>Query: configurations below the answer's first number have been compacted away.</summary>
    Compacted = 13,

    /// <summary>A report about a move, a group or an incarnation that is not current: late or repeated. Nothing changed, and nothing needs to.</summary>
    NotCurrent = 14,

    /// <summary>The command's deadline was over in log time when it was applied, and no attempt was applied before: it surely did not and will not happen.</summary>
    DeadlinePassed = 15,

    /// <summary>The sequence is acknowledged already, or its deadline so long over that its result may be gone; whether an earlier attempt happened is not known here.</summary>
    Stale = 16,

    /// <summary>The session's results, or the sessions, are at their limit. This attempt did nothing.</summary>
    Busy = 17,
}
