namespace Quorleans.Raft.Node;

/// <summary>Another member's request, until the core has an answer for it.</summary>
internal abstract class InboundRequest(RaftMessage message)
{
    internal RaftMessage Message { get; } = message;

    /// <summary>The bytes of entries, or of a snapshot's chunk, in it.</summary>
    internal int Bytes { get; } = Replica.SizeOf(message.Entries) + message.Data.Length;

    /// <summary>By what it waits, and between which others; see <see cref="InboundRequests"/>.</summary>
    internal long Context { get; set; }

    internal InboundRequest? Older { get; set; }

    internal InboundRequest? Newer { get; set; }

    internal abstract void SetAnswer(RaftMessage answer);

    internal abstract void Refuse(string reason);
}

/// <summary>One that came by itself.</summary>
internal sealed class SingleRequest(RaftMessage message, TaskCreationOptions completion) : InboundRequest(message)
{
    private readonly TaskCompletionSource<RaftMessage> _answer = new(completion);

    internal Task<RaftMessage> Answer => _answer.Task;

    internal override void SetAnswer(RaftMessage answer) => _answer.SetResult(answer);

    internal override void Refuse(string reason) => _answer.SetException(new RaftRefusedException(reason));
}
