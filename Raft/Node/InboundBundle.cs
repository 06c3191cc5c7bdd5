namespace Quorleans.Raft.Node;

/// <summary>
/// Requests that came together, until all of them are answered. They enter the loop as one event, and so the log as one batch: none waits for the others longer
/// than it would by itself.
/// </summary>
internal sealed class InboundBundle(RaftNode node, int count, TaskCreationOptions completion) : ILoopCall
{
    private readonly TaskCompletionSource _answered = new(completion);
    private readonly Request?[] _requests = new Request?[count];
    private int _left;

    /// <summary>Ends when each request has its answer, or was refused.</summary>
    internal Task Answered => _answered.Task;

    internal bool IsEmpty => _left == 0;

    /// <summary>The request of a number, or null when it was not taken in.</summary>
    internal Request? this[int index] => _requests[index];

    internal void Add(int index, Replica replica, RaftMessage message)
    {
        _requests[index] = new Request(this, replica, message);
        _left++;
    }

    void ILoopCall.Run()
    {
        foreach (Request? request in _requests)
            if (request is not null) node.Take(request.Replica, request);
    }

    void ILoopCall.Abandon(Exception reason)
    {
        foreach (Request? request in _requests) request?.Refuse(reason.Message);
    }

    /// <summary>One of them. Answered on the node's loop, like any other.</summary>
    internal sealed class Request(InboundBundle bundle, Replica replica, RaftMessage message) : InboundRequest(message)
    {
        internal Replica Replica => replica;

        /// <summary>Null when it was refused.</summary>
        internal RaftMessage? Answer { get; private set; }

        internal override void SetAnswer(RaftMessage answer)
        {
            Answer = answer;
            End();
        }

        internal override void Refuse(string reason) => End();

        private void End()
        {
            if (--bundle._left == 0) bundle._answered.SetResult();
        }
    }
}
