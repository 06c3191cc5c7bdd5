namespace Quorleans.Clerk;

/// <summary>What an attempt carries.</summary>
public enum AttemptKind
{
    /// <summary>A batch of writes, which the leader logs.</summary>
    Write,

    /// <summary>A batch of reads.</summary>
    Read,

    /// <summary>An empty batch of reads: a leader's answer, which names no other leader, proves that it leads and tells the group's log time.</summary>
    Probe,

    /// <summary>A question to the shard controller: which group serves which shard.</summary>
    Map,
}

/// <summary>
/// One message to one replica. The adapter sends it and then tells the core once what became of it, however late: by
/// <see cref="ClerkCore.OnReply"/> or <see cref="ClerkCore.OnFailed"/>.
/// </summary>
public sealed class ClerkAttempt
{
    internal ClerkAttempt(long id, AttemptKind kind, GroupState group, Replica replica, byte[] payload, ClerkOperation[] operations, long sentMs)
    {
        Id = id;
        Kind = kind;
        Group = group;
        Replica = replica;
        Payload = payload;
        Operations = operations;
        SentMs = sentMs;
    }

    /// <summary>Counts up with each attempt of a Clerk.</summary>
    public long Id { get; }

    /// <summary>What it carries.</summary>
    public AttemptKind Kind { get; }

    /// <summary>Whether the payload is a batch of reads.</summary>
    public bool IsQuery => Kind != AttemptKind.Write;

    /// <summary>The replica's address, <c>group/node</c>.</summary>
    public string Target => Replica.Address;

    /// <summary>The node of that replica.</summary>
    public string Node => Replica.Node;

    /// <summary>Whatever the adapter notes: by which connection it travels.</summary>
    public object? Way { get; set; }

    /// <summary>The encoded batch. Never changed.</summary>
    public byte[] Payload { get; }

    /// <summary>How many operations it carries.</summary>
    public int Count => Operations.Length;

    /// <summary>When it left, in the driver's milliseconds.</summary>
    public long SentMs { get; }

    /// <summary>What it travels in together with others; null for one that goes by itself.</summary>
    public ClerkCall? Call { get; internal set; }

    /// <summary>The group's name.</summary>
    public string GroupName => Group.Name;

    internal GroupState Group { get; }

    internal Replica Replica { get; }

    internal ClerkOperation[] Operations { get; }

    // Its answer may be that of a second copy: a refusal in it says nothing of the first one.
    internal bool MayBeCopy;

    // Waited for: not answered, not given up.
    internal bool IsLive;

    // Counts against the batches that may be in flight.
    internal bool HoldsSlot;
    internal bool IsEnded;
    internal ClerkAttempt? Next;
    internal ClerkAttempt? Previous;
}
