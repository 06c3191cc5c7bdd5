namespace Quorleans.Raft.Node;

/// <summary>
/// Clients' batches that came together, until all their outcomes are known or whoever waits has lost patience. They enter the loop as one event, and so the
/// log as one batch, and they wake whoever waits once.
/// </summary>
internal sealed class SubmissionBundle(RaftNode node, int count, TaskCreationOptions completion) : ILoopCall
{
    private readonly TaskCompletionSource _ended = new(completion);
    private readonly Slot[] _slots = new Slot[count];
    private int _left;

    /// <summary>Ends with the last outcome, or by <see cref="LoseWait"/>.</summary>
    internal Task Ended => _ended.Task;

    internal bool IsEmpty => _left == 0;

    /// <summary>What became of each, in their order. Only when it has <see cref="Ended"/>.</summary>
    internal Task<Outcome>[] Outcomes => Array.ConvertAll(_slots, static slot => slot.Late?.Task ?? Task.FromResult(slot.Outcome));

    internal void Refuse(int index, in Outcome outcome) => _slots[index] = new Slot(this) { Outcome = outcome };

    /// <summary>Where the outcome of a batch that <paramref name="replica"/> takes goes.</summary>
    internal IOutcomeSink Add(int index, Replica replica)
    {
        _left++;
        return _slots[index] = new Slot(this) { Replica = replica };
    }

    /// <summary>Tells what each batch is, once its sink is there.</summary>
    internal void Set(int index, Submission submission) => _slots[index].Submission = submission;

    /// <summary>On the loop: what has no outcome yet gets a task of its own.</summary>
    internal bool LoseWait()
    {
        if (_ended.Task.IsCompleted) return false;
        foreach (Slot slot in _slots)
            if (slot.Submission is not null && !slot.IsSet) slot.Late = new TaskCompletionSource<Outcome>(completion);
        return _ended.TrySetResult();
    }

    void ILoopCall.Run()
    {
        foreach (Slot slot in _slots)
            if (slot is { Submission: { } submission, Replica: { } replica }) node.Take(replica, submission);
    }

    void ILoopCall.Abandon(Exception reason)
    {
        foreach (Slot slot in _slots)
            if (slot.Submission is { } submission) Replica.Refuse(submission, reason.Message);
    }

    private sealed class Slot(SubmissionBundle bundle) : IOutcomeSink
    {
        internal Replica? Replica { get; init; }

        internal Submission? Submission { get; set; }

        internal bool IsSet { get; private set; }

        internal Outcome Outcome { get; set; }

        internal TaskCompletionSource<Outcome>? Late { get; set; }

        public void Set(in Outcome outcome)
        {
            IsSet = true;
            if (Late is not null)
            {
                Late.SetResult(outcome);
                return;
            }

            Outcome = outcome;
            if (--bundle._left == 0) bundle._ended.TrySetResult();
        }
    }
}
