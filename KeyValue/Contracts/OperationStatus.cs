namespace Quorleans.KeyValue;

/// <summary>
/// What became of one operation. The numbers stand in messages and in snapshots (as cached results). After <see cref="Ok"/>,
/// <see cref="NotFound"/>, <see cref="CompareFailed"/>, <see cref="ValueTooLarge"/> and <see cref="ResultTooLarge"/> the operation is done and every retry of the same
/// sequence gets the same answer. After the others nothing was done and the sequence is not consumed, except that
/// <see cref="Stale"/> tells nothing of what an earlier attempt did.
/// </summary>
public enum OperationStatus : byte
{
    /// <summary>No answer; never encoded.</summary>
    None = 0,

    /// <summary>
    /// Done. The version is the key's version after it (a write) or that of the value read; 0 after a delete. A transaction: all comparisons held, and the
    /// value is the batch of its operations' results.
    /// </summary>
    Ok = 1,

    /// <summary>A read or a delete of a key that has no value. Version 0.</summary>
    NotFound = 2,

    /// <summary>
    /// A compare-and-set found another version, which the result tells (0: the key is missing), and set nothing. A transaction: a comparison did not hold, and
    /// the value is the batch of the results of what ran instead.
    /// </summary>
    CompareFailed = 3,

    /// <summary>An append's sum would be longer than a value may be; nothing was added, and nothing else of its transaction was done. The version is the value's.</summary>
    ValueTooLarge = 4,

    /// <summary>
    /// The operation's deadline was over, in log time, when its entry was applied, and no attempt was applied before: it surely did not
    /// happen and never will.
    /// </summary>
    DeadlinePassed = 5,

    /// <summary>
    /// The sequence is acknowledged already (at or below the session's floor), or its deadline is so long over that its result may be gone:
    /// this attempt did nothing and none will any more, but whether an earlier one did is not known here.
    /// </summary>
    Stale = 6,

    /// <summary>This group does not serve the key's shard; the owner hint may tell who does. This attempt did nothing.</summary>
    WrongShard = 7,

    /// <summary>The key's shard is on its way to another group; the owner hint tells where and when to ask again. This attempt did nothing.</summary>
    Moving = 8,

    /// <summary>
    /// Not now: a reply's bytes, the client's unacknowledged operations or the shard's sessions are at their limit. This attempt did nothing.
    /// </summary>
    Busy = 9,

    /// <summary>A transaction would read more than <see cref="KeyValueLimits.MaxTransactionResultBytes"/>; nothing of it was done.</summary>
    ResultTooLarge = 10,
}
