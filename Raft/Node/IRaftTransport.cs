namespace Quorleans.Raft.Node;

/// <summary>Carries Raft's requests to other nodes and their answers back: grain calls, HTTP/2, or a simulator's network.</summary>
public interface IRaftTransport
{
    /// <summary>Sends a request and waits for its answer. Must return at once, and may lose, delay, repeat or reorder: Raft does not mind.</summary>
    /// <param name="group">The group.</param>
    /// <param name="to">The receiving member and its node.</param>
    /// <param name="kind">The request's kind; already in the frame, for transports that have a method for each.</param>
    /// <param name="frame">The encoded request. Not changed any more.</param>
    /// <returns>The encoded answer. Fails when the receiver cannot be reached or refuses.</returns>
    Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame);

    /// <summary>
    /// Sends AppendEntries requests of several groups to one node, in one message where the transport has such: what a message costs does not depend on how
    /// much it carries. Otherwise as <see cref="SendAsync"/>; the receiving node takes them in by <see cref="RaftNode.HandleTogetherAsync"/>.
    /// </summary>
    /// <param name="node">The receiving node.</param>
    /// <param name="frames">The encoded requests; two at least, and no more than <see cref="RaftNode.MaximumFramesTogether"/>.</param>
    /// <returns>The encoded answers, in the requests' order; an empty one where the receiver refused. Fails, for all of them, when it cannot be reached.</returns>
    Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames);
}
