namespace Quorleans.Raft.Node;

/// <summary>What a node sent to others since it was started. Any thread may read.</summary>
public sealed class TrafficStatistics
{
    private long _requests;
    private long _messages;

    /// <summary>Requests of Raft's members here to those on other nodes.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Messages that carried them.</summary>
    public long Messages => Volatile.Read(ref _messages);

    // On the node's loop.
    internal void Sent(int requests)
    {
        Volatile.Write(ref _requests, _requests + requests);
        Volatile.Write(ref _messages, _messages + 1);
    }
}
