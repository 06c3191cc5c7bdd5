namespace Quorleans.Clerk;

/// <summary>
/// Gathers the writes of all groups that one node leads, as a group's lane gathers those of one: while a call is on its way to the node, what comes up for any of
/// them waits for the next. Otherwise each group's batches would go their own way and be smaller, the more groups there are, and it is batches that cost.
/// </summary>
internal sealed class NodeGate(string node)
{
    // One group that cannot commit must not hold up the others that its node leads. Several times what a call takes on a fast disk; on a slow one, sending
    // somewhat more calls costs little in comparison.
    private const int MaxHoldMs = 10;

    private readonly Queue<ClerkCall> _holding = new();

    /// <summary>The node's name.</summary>
    public string Node { get; } = node;

    /// <summary>The call that what is sent now travels in, or null.</summary>
    public ClerkCall? Current { get; set; }

    /// <summary>Calls on their way that keep others from being sent.</summary>
    public int Holding { get; private set; }

    /// <summary>Operations that wait to be sent to the node: counted anew each time that the core goes on.</summary>
    public int Waiting { get; set; }

    /// <summary>Operations that travel in the calls that keep others from being sent.</summary>
    public int HoldingOperations { get; private set; }

    /// <summary>When the oldest of them will be waited for no longer.</summary>
    public long OpensAtMs
    {
        get
        {
            while (_holding.TryPeek(out ClerkCall? oldest) && !oldest.IsHolding) _holding.Dequeue();
            return _holding.TryPeek(out ClerkCall? first) ? first.SentMs + MaxHoldMs : long.MaxValue;
        }
    }

    /// <summary>A call leaves.</summary>
    public ClerkCall Begin(long nowMs)
    {
        Current = new ClerkCall(this, nowMs);
        _holding.Enqueue(Current);
        Holding++;
        return Current;
    }

    /// <summary>A batch leaves in a call.</summary>
    public void Add(ClerkCall call, ClerkAttempt attempt)
    {
        call.Add(attempt);
        HoldingOperations += attempt.Count;
        Waiting -= attempt.Count;
    }

    /// <summary>Something of it came back, or it is waited for no longer.</summary>
    public void Release(ClerkCall call)
    {
        if (!call.IsHolding) return;
        call.IsHolding = false;
        Holding--;
        HoldingOperations -= call.Operations;
    }

    /// <summary>Lets calls go that have taken too long.</summary>
    public void Expire(long nowMs)
    {
        while (OpensAtMs <= nowMs) Release(_holding.Peek());
    }
}
