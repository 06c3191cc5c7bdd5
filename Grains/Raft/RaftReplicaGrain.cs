using Orleans.Dashboard;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Placement;
using Quorleans.Grains.Sharding;

namespace Quorleans.Grains.Raft;

/// <summary>
/// The address of a replica: hands every call to the node's <see cref="NodeService"/>, which works off this activation's scheduler. Holds no state, so
/// two activations of one replica could do no harm.
/// </summary>
/// <param name="service">The node that this silo hosts.</param>
/// <param name="sharding">What drives its hand-offs.</param>
/// <param name="homes">Where the nodes are.</param>
/// <param name="silo">This silo.</param>
[HomePlacement]
public sealed class RaftReplicaGrain(NodeService service, ShardingService sharding, HomeLocator homes, ILocalSiloDetails silo) : HomeGrain(homes, silo), IRaftReplicaGrain
{
    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrame> RequestVote(RaftFrame request) => service.HandleAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrame> AppendEntries(RaftFrame request) => service.HandleAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrame> InstallSnapshot(RaftFrame request) => service.HandleAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrame> TimeoutNow(RaftFrame request) => service.HandleAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrame> ReadIndex(RaftFrame request) => service.HandleAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrame> Join(RaftFrame request) => service.HandleAsync(Key.Group, request);

    /// <inheritdoc/>
    public Task<MembershipReply> ChangeMembership(MembershipRequest request) => service.ChangeMembershipAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<SubmitReply> Submit(SubmitRequest request) => service.SubmitAsync(Key.Group, request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task HandoffAdvanced(int shard, long move)
    {
        sharding.Poke(Key.Group, shard, move);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<string?> TransferLeadership(string node) => service.TransferLeadershipAsync(Key.Group, node);

    /// <inheritdoc/>
    public Task<ShardReport[]> GetShards() => service.DescribeShardsAsync(Key.Group);

    /// <inheritdoc/>
    public Task<ReplicaStatus> GetState() => service.DescribeAsync(Key.Group);
}
