namespace Quorleans.Raft.Node;

/// <summary>A client's batch, until its outcome is known.</summary>
internal abstract class Submission(ReadOnlyMemory<byte> payload, IOutcomeSink sink)
{
    internal ReadOnlyMemory<byte> Payload { get; } = payload;

    internal void SetResult(in Outcome outcome) => sink.Set(outcome);
}

/// <summary>Takes a batch's outcome. Called once, on the node's loop.</summary>
internal interface IOutcomeSink
{
    void Set(in Outcome outcome);
}

/// <summary>For a batch that came by itself.</summary>
internal sealed class OutcomeSource(TaskCreationOptions completion) : TaskCompletionSource<Outcome>(completion), IOutcomeSink
{
    void IOutcomeSink.Set(in Outcome outcome) => SetResult(outcome);
}
