namespace Quorleans.Raft.Node;

/// <summary>A client's batch, until its outcome is known.</summary>
/// <param name="payload">The batch.</param>
/// <param name="admission">Where it is counted; it has been let in.</param>
/// <param name="sink">Takes its outcome.</param>
internal abstract class Submission(ReadOnlyMemory<byte> payload, Admission admission, IOutcomeSink sink)
{
    internal ReadOnlyMemory<byte> Payload { get; } = payload;

    internal void SetResult(in Outcome outcome)
    {
        admission.Leave(Payload.Length);
        sink.Set(outcome);
    }
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
