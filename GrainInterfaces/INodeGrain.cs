using Orleans.Concurrency;

namespace Quorleans.GrainInterfaces;

/// <summary>
/// The address of a node: its name, such as <c>n2</c>. Takes in what concerns several of its replicas at once; what concerns one goes to its
/// <see cref="IRaftReplicaGrain"/>. Pinned to the node's silo, and a thin shell like that one.
/// </summary>
[Alias("Quorleans.INodeGrain")]
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Replicates entries of several groups (paper §5.3). Answered when all of them are answered; an empty frame is a refusal.</summary>
    [AlwaysInterleave, Alias("AppendEntries")]
    Task<RaftFrames> AppendEntries(RaftFrames request);
}
