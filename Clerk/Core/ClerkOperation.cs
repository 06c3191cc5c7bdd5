using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// One call of a caller, from its submission to its end. The adapter derives from it to hang its completion on; everything
/// <c>internal</c> belongs to <see cref="ClerkCore"/>. Used once.
/// </summary>
public class ClerkOperation
{
    /// <summary>Creates an operation on one key.</summary>
    /// <param name="kind">What it does; not a scan.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or empty. Must not change until the operation is done.</param>
    /// <param name="expectedVersion">For <see cref="OperationKind.CompareAndSet"/>.</param>
    public ClerkOperation(OperationKind kind, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value = default, long expectedVersion = 0)
    {
        Kind = kind;
        Key = key;
        Value = value;
        ExpectedVersion = expectedVersion;
    }

    /// <summary>Creates a scan.</summary>
    /// <param name="request">Which keys.</param>
    public ClerkOperation(ScanRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Kind = OperationKind.Scan;
        Scan = request;
    }

    /// <summary>Creates a transaction.</summary>
    /// <param name="transaction">What it compares and does. Keys and values must not change until the operation is done.</param>
    public ClerkOperation(Txn transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        byte[] body = transaction.Encode();
        Kind = transaction.IsReadOnly ? OperationKind.ReadTransaction : OperationKind.Transaction;
        Transaction = transaction;
        Value = body;
        Key = TransactionCodec.FirstKey(body).ToArray();
    }

    /// <summary>What it does.</summary>
    public OperationKind Kind { get; }

    /// <summary>The key; empty for a scan.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>The value to write, or the encoded transaction.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The version that a compare-and-set expects.</summary>
    public long ExpectedVersion { get; }

    /// <summary>The scan, or null.</summary>
    public ScanRequest? Scan { get; }

    /// <summary>The transaction, or null.</summary>
    public Txn? Transaction { get; }

    /// <summary>Whether it only reads: no session, retried freely.</summary>
    public bool IsRead => Kind >= OperationKind.Get;

    /// <summary>Whether it is over, with a result or an error.</summary>
    public bool IsDone => State == OperationState.Done;

    /// <summary>Why it failed; null when it succeeded.</summary>
    public ClerkError? Error { get; internal set; }

    /// <summary>Whether a failed operation may have happened.</summary>
    public OperationOutcome Outcome { get; internal set; }

    /// <summary>What went wrong, for a person; null when it succeeded.</summary>
    public string? ErrorMessage { get; internal set; }

    /// <summary>Whether the key was found (get, delete), the version matched (compare-and-set), or all comparisons held (transaction).</summary>
    public bool ResultFlag { get; internal set; }

    /// <summary>The version that the key has now.</summary>
    public long ResultVersion { get; internal set; }

    /// <summary>The value read.</summary>
    public ReadOnlyMemory<byte> ResultValue { get; internal set; }

    /// <summary>What a transaction did.</summary>
    public TxnResult? ResultTransaction { get; internal set; }

    /// <summary>The page read by a scan.</summary>
    public ScanPage? ResultPage { get; internal set; }

    /// <summary>How many attempts were sent.</summary>
    public int Attempts { get; internal set; }

    /// <summary>Its number in the client's session; the same in every attempt. 0 for reads.</summary>
    public long Sequence { get; internal set; }

    /// <summary>The end of its time in log time, the same for all attempts that may still have an effect; 0 before the first.</summary>
    public long LogDeadlineMs { get; internal set; }

    /// <summary>When a group first answered that the operation's shard is moving, by the driver's clock in milliseconds; null when none did.</summary>
    public long? MovingSinceMs { get; internal set; }

    // When it gives up, by the local clock, and when a parked one goes on.
    internal long DeadlineMs;
    internal long NotBeforeMs;

    internal OperationState State;
    // Null for scans and their parts.
    internal ShardState? Shard;

    // The lane in whose queue it stands.
    internal Lane? Lane;

    // A scan's page, as far as it has been read.
    internal ScanGather? Gather;
    internal int Bytes;

    // A scan's continuation: the key behind which it goes on.
    internal ReadOnlyMemory<byte> ScanAfter;

    // Attempts of which it is not known that they did nothing. While there is one, the operation may have happened.
    internal int OpenAttempts;

    // The attempt whose answer is awaited; older ones that were given up may still answer, and are believed when they do.
    internal ClerkAttempt? Current;

    // Refused together with others by a replica with lower limits: sent alone from now on, so that the guilty one is found.
    internal bool Alone;
    internal int Refusals;
    internal ClerkError? LastRefusal;
    internal string? LastProblem;

    internal ClerkOperation? QueueNext;
    internal ClerkOperation? QueuePrevious;
    internal ClerkOperation? SessionNext;
    internal ClerkOperation? SessionPrevious;
    internal int DeadlineSlot = -1;
    internal int ParkSlot = -1;
}

/// <summary>Where an operation stands.</summary>
internal enum OperationState
{
    /// <summary>Not submitted yet.</summary>
    New,

    /// <summary>Waits in its lane for the next batch.</summary>
    Queued,

    /// <summary>Waits for its own time, aside of the lane.</summary>
    Parked,

    /// <summary>A scan whose parts are on their way.</summary>
    Split,

    /// <summary>Its current attempt is on its way.</summary>
    InFlight,

    /// <summary>Over.</summary>
    Done,
}
