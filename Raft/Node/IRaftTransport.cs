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
}
