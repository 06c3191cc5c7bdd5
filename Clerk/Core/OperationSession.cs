namespace Quorleans.Clerk;

/// <summary>
/// The client's session in one shard: its outstanding writes in order of their sequence numbers. What lies below the first of them is
/// over for the caller, and the replicas may forget it; so an operation that hangs in one shard holds back the memory of no other.
/// It lies in its <see cref="ShardState"/>: a Clerk has one for each shard, and a process may have many Clerks.
/// </summary>
internal struct OperationSession
{
    private ClerkOperation? _head;
    private ClerkOperation? _tail;

    /// <summary>
    /// Every sequence number of this shard up to this one is over: answered, or given up. Given to the replicas with each batch. An
    /// attempt of a given-up operation that arrives after it is refused there, which is what one wants.
    /// </summary>
    public long Floor { get; private set; }

    /// <summary>Adds a write; its number is higher than all before.</summary>
    public void Add(ClerkOperation operation)
    {
        operation.SessionPrevious = _tail;
        if (_tail is null) _head = operation;
        else _tail.SessionNext = operation;
        _tail = operation;
        Floor = _head!.Sequence - 1;
    }

    /// <summary>Takes a write out that is over.</summary>
    public void Remove(ClerkOperation operation)
    {
        if (operation.SessionPrevious is null) _head = operation.SessionNext;
        else operation.SessionPrevious.SessionNext = operation.SessionNext;
        if (operation.SessionNext is null) _tail = operation.SessionPrevious;
        else operation.SessionNext.SessionPrevious = operation.SessionPrevious;
        operation.SessionNext = operation.SessionPrevious = null;
        Floor = _head is not null ? _head.Sequence - 1 : Math.Max(Floor, operation.Sequence);
    }
}
