namespace Quorleans.Raft;

/// <summary>How a group's core behaves. Times are counted in ticks, so that the core needs no clock.</summary>
public sealed record RaftOptions
{
    /// <summary>Milliseconds between two calls of <see cref="RaftCore.Tick"/>; 10 by default. Log time advances by it.</summary>
    public int TickMilliseconds { get; init; } = 10;

    /// <summary>
    /// Ticks without a leader before a follower campaigns: at least this many, less than twice as many, drawn anew each time (paper
    /// §5.2). Also how long a voter is loyal to a leader it hears from, and how long a leader goes on without a quorum. 25 by default.
    /// </summary>
    public int ElectionTicks { get; init; } = 25;

    /// <summary>Ticks between a leader's heartbeats; 5 by default. Far below <see cref="ElectionTicks"/>.</summary>
    public int HeartbeatTicks { get; init; } = 5;

    /// <summary>
    /// Ticks after which an unanswered AppendEntries or InstallSnapshot is taken for lost and sent again; 25 by default. Twice, four and eight times as many when the
    /// ones before were not answered either: what a follower with a hung disk is sent lies in its memory and on its way.
    /// </summary>
    public int RetransmitTicks { get; init; } = 25;

    /// <summary>The largest payload of one entry, in bytes; 8 MiB by default.</summary>
    public int MaxEntryBytes { get; init; } = 8 << 20;

    /// <summary>The most that one AppendEntries carries, in bytes of entries; one entry always fits. 1 MiB by default.</summary>
    public int MaxAppendBytes { get; init; } = 1 << 20;

    /// <summary>
    /// How many bytes of entries a leader may hold that are not applied yet; above it proposals are refused as busy, urgent ones above twice as many. 64 MiB by default.
    /// </summary>
    public long MaxPendingBytes { get; init; } = 64 << 20;

    /// <summary>
    /// How many entries a leader may hold that are not applied yet; above it proposals that are not urgent are refused as busy. 16,384 by default: what is refused now
    /// and comes back later does not wait in a queue meanwhile, so that this bounds how long those wait that are taken.
    /// </summary>
    public int MaxPendingEntries { get; init; } = 16_384;

    /// <summary>How many reads may wait for their read index; above it they are refused as busy. 16,384 by default, each a client's batch.</summary>
    public int MaxPendingReads { get; init; } = 16_384;

    /// <summary>How many rounds of read confirmation may be on their way at once; what arrives meanwhile shares the next. 2 by default.</summary>
    public int MaxReadRounds { get; init; } = 2;

    /// <summary>How many voters, and how many learners, a group may have; 16 by default. More voters make it slower, not safer.</summary>
    public int MaxMembers { get; init; } = 16;

    /// <summary>Checks that the numbers fit together.</summary>
    /// <exception cref="ArgumentException">One does not; the message names it.</exception>
    public void Validate()
    {
        Require(TickMilliseconds > 0, nameof(TickMilliseconds), "must be positive");
        Require(HeartbeatTicks > 0, nameof(HeartbeatTicks), "must be positive");
        Require(ElectionTicks >= 2 * HeartbeatTicks, nameof(ElectionTicks), "must be at least twice HeartbeatTicks");
        Require(RetransmitTicks > 0, nameof(RetransmitTicks), "must be positive");
        Require(MaxEntryBytes > 0, nameof(MaxEntryBytes), "must be positive");
        Require(MaxAppendBytes > 0, nameof(MaxAppendBytes), "must be positive");
        Require(MaxPendingBytes >= MaxEntryBytes, nameof(MaxPendingBytes), "must be at least MaxEntryBytes");
        Require(MaxPendingEntries > 0, nameof(MaxPendingEntries), "must be positive");
        Require(MaxPendingReads > 0, nameof(MaxPendingReads), "must be positive");
        Require(MaxReadRounds > 0, nameof(MaxReadRounds), "must be positive");
        Require(MaxMembers is > 0 and <= MembershipCodec.MaximumMembers, nameof(MaxMembers), $"must be between 1 and {MembershipCodec.MaximumMembers}");
    }

    private static void Require(bool condition, string name, string rule)
    {
        if (!condition) throw new ArgumentException($"RaftOptions.{name} {rule}.");
    }
}
