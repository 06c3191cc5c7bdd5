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

    /// <summary>A client's batches of writes for several groups. Answered when all are, or a moment later than it takes a group in good health.</summary>
    [AlwaysInterleave, Alias("Submit")]
    Task<SubmitReplies> Submit(SubmitRequests request);

    /// <summary>The answer to a batch that was still under way when those with it were answered. It can be asked for once, and within ten seconds.</summary>
    /// <param name="ticket">From <see cref="SubmitReplies.Tickets"/>.</param>
    /// <returns>The answer; <see cref="SubmitStatus.Unknown"/> when the node does not know the ticket (any more).</returns>
    [AlwaysInterleave, Alias("Await")]
    Task<SubmitReply> Await(long ticket);
}
