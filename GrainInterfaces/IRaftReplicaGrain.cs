using Orleans.Concurrency;

namespace Quorleans.GrainInterfaces;

/// <summary>
/// The address of one Raft replica: key <c>group/node</c>, such as <c>g1/n2</c>. Pinned to its node's silo. A thin shell: consensus
/// lives in the node's <c>RaftNode</c>, and a second activation by mistake would be harmless, since both would lead to the same one.
/// </summary>
[Alias("Quorleans.IRaftReplicaGrain")]
public interface IRaftReplicaGrain : IGrainWithStringKey
{
    /// <summary>Asks for a vote, or with PreVote whether one would be given (paper §5.2, dissertation §9.6).</summary>
    [AlwaysInterleave, Alias("RequestVote")]
    Task<RaftFrame> RequestVote(RaftFrame request);

    /// <summary>Replicates entries; without any it is a heartbeat (paper §5.3). Answered when the entries are durable.</summary>
    [AlwaysInterleave, Alias("AppendEntries")]
    Task<RaftFrame> AppendEntries(RaftFrame request);

    /// <summary>Sends one chunk of a snapshot (paper §7).</summary>
    [AlwaysInterleave, Alias("InstallSnapshot")]
    Task<RaftFrame> InstallSnapshot(RaftFrame request);

    /// <summary>Tells the receiver to start an election at once, for a leadership transfer (dissertation §3.10).</summary>
    [AlwaysInterleave, Alias("TimeoutNow")]
    Task<RaftFrame> TimeoutNow(RaftFrame request);

    /// <summary>Asks the leader for a read index on behalf of a follower (dissertation §6.4).</summary>
    [AlwaysInterleave, Alias("ReadIndex")]
    Task<RaftFrame> ReadIndex(RaftFrame request);

    /// <summary>Tells the node that its disk has become a learner of the group, so that it makes an empty replica.</summary>
    [AlwaysInterleave, Alias("Join")]
    Task<RaftFrame> Join(RaftFrame request);

    /// <summary>Changes the group's configuration (paper §6). Only the leader does; answered when the change is over.</summary>
    [AlwaysInterleave, Alias("ChangeMembership")]
    Task<MembershipReply> ChangeMembership(MembershipRequest request);

    /// <summary>A client's batch of operations.</summary>
    [AlwaysInterleave, Alias("Submit")]
    Task<SubmitReply> Submit(SubmitRequest request);

    /// <summary>Tells that the source of a move to this group has something new, so that its leader asks at once.</summary>
    [AlwaysInterleave, OneWay, Alias("HandoffAdvanced")]
    Task HandoffAdvanced(int shard, long move);

    /// <summary>Hands the leadership to another node's replica (dissertation §3.10).</summary>
    /// <param name="node">The node that shall lead.</param>
    /// <returns>Null when it leads now; otherwise why not, for a person.</returns>
    [AlwaysInterleave, Alias("TransferLeadership")]
    Task<string?> TransferLeadership(string node);

    /// <summary>The shards as this replica has them, by number; none for a group that holds no store.</summary>
    [AlwaysInterleave, Alias("GetShards")]
    Task<ShardReport[]> GetShards();

    /// <summary>The replica as the dashboard shows it.</summary>
    [AlwaysInterleave, Alias("GetState")]
    Task<ReplicaStatus> GetState();
}
