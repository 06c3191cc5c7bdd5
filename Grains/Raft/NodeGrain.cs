using Orleans.Dashboard;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Placement;

namespace Quorleans.Grains.Raft;

/// <summary>The address of a node: hands every call to the node's <see cref="NodeService"/>. Holds no state, as <see cref="RaftReplicaGrain"/>.</summary>
/// <param name="service">The node that this silo hosts.</param>
/// <param name="homes">Where the nodes are.</param>
/// <param name="silo">This silo.</param>
[HomePlacement]
public sealed class NodeGrain(NodeService service, HomeLocator homes, ILocalSiloDetails silo) : HomeGrain(homes, silo), INodeGrain
{
    /// <inheritdoc/>
    [NoProfiling]
    public Task<RaftFrames> AppendEntries(RaftFrames request) => service.HandleTogetherAsync(request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<SubmitReplies> Submit(SubmitRequests request) => service.SubmitTogetherAsync(request);

    /// <inheritdoc/>
    [NoProfiling]
    public Task<SubmitReply> Await(long ticket) => service.AwaitReplyAsync(ticket);
}
