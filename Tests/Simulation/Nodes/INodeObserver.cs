using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>Sees what a node does, as any observer outside of it could: its public state, what its disk holds, what it sends.</summary>
public interface INodeObserver
{
    /// <summary>It started, and has recovered what its disk held; no event of the new life has happened.</summary>
    void Started(SimulatedNode node);

    /// <summary>It could not start.</summary>
    void StartFailed(SimulatedNode node, Exception reason);

    /// <summary>Its life ended.</summary>
    void Ended(SimulatedNode node);

    /// <summary>Its loop made a turn, or several: the only moments at which its state changes.</summary>
    void Turned(SimulatedNode node);

    /// <summary>A batch of its log is on its way to the disk.</summary>
    void BatchSent(SimulatedNode node);

    /// <summary>That batch was written and synced without an error; the node does not know yet.</summary>
    void BatchDurable(SimulatedNode node);

    /// <summary>It sends a request.</summary>
    void Sends(SimulatedNode node, GroupId group, RaftMessage request);

    /// <summary>It answers a request, or refuses it outside of Raft (null).</summary>
    /// <param name="node">Who answers.</param>
    /// <param name="group">In which group.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="roleAtArrival">What it was when the request arrived.</param>
    /// <param name="reply">Its answer.</param>
    void Answers(SimulatedNode node, GroupId group, RaftMessage request, RaftRole roleAtArrival, RaftMessage? reply);

    /// <summary>It refuses a client's batch as busy.</summary>
    /// <param name="node">Who refuses.</param>
    /// <param name="isQuery">Whether it was a batch of reads.</param>
    void Refuses(SimulatedNode node, bool isQuery);

    /// <summary>An answer comes back to it; or the news that none will (null).</summary>
    void Hears(SimulatedNode node, GroupId group, RaftMessage request, RaftMessage? reply);
}
