namespace Quorleans.MapReduce.Jobs;

/// <summary>A task: what the journal says of it, and the attempts that run.</summary>
internal sealed class TaskState(TaskId id)
{
    private List<FailedAttempt>? _failed;
    private List<RecordPlace>? _skip;

    public TaskId Id { get; } = id;

    /// <summary>How its winner ended; null: it has none.</summary>
    public TaskOutcome? Won { get; private set; }

    /// <summary>Of a map task that has a winner: where its runs are.</summary>
    public MapOutput? Output { get; private set; }

    /// <summary>How many of its attempts failed and count.</summary>
    public int Failures { get; private set; }

    /// <summary>Map: how often its output could not be read. Reduce: how often it could not get its input.</summary>
    public int Losses { get; set; }

    /// <summary>Records that ended earlier attempts' processes.</summary>
    public IReadOnlyList<RecordPlace> Skip => _skip ?? (IReadOnlyList<RecordPlace>)[];

    /// <summary>Attempts that run: one, or two when one is a backup.</summary>
    public List<LiveAttempt> Live { get; } = [];

    /// <summary>How many attempts this coordinator ordered.</summary>
    public int Ordered { get; set; }

    /// <summary>A winner is on its way into the journal.</summary>
    public bool IsDeciding { get; set; }

    public bool Is(AttemptId attempt) => Won is { } won && won.Key.Attempt == attempt;

    /// <summary>What the job's sums hold of it: the newest winner's, also after its output was lost, until another one has run.</summary>
    public TaskOutcome? Counted { get; private set; }

    public void Win(TaskOutcome outcome, MapOutput? output)
    {
        (Won, Counted, Output) = (outcome, outcome, output);
        IsDeciding = false;
    }

    public void Lose() => (Won, Output) = (null, null);

    public void Fail(AttemptId attempt, string tracker, bool counts)
    {
        (_failed ??= []).Add(new FailedAttempt(attempt, tracker));
        if (counts) Failures++;
    }

    public bool AddSkip(RecordPlace place)
    {
        if (_skip is not null && _skip.Contains(place)) return false;
        (_skip ??= []).Add(place);
        return true;
    }

    public bool HasFailed(AttemptId attempt)
    {
        if (_failed is null) return false;
        foreach (FailedAttempt failed in _failed)
            if (failed.Attempt == attempt) return true;
        return false;
    }

    public bool HasFailedOn(string tracker)
    {
        if (_failed is null) return false;
        foreach (FailedAttempt failed in _failed)
            if (string.Equals(failed.Tracker, tracker, StringComparison.Ordinal)) return true;
        return false;
    }

    public LiveAttempt? FindLive(AttemptId attempt)
    {
        foreach (LiveAttempt live in Live)
            if (live.Key.Attempt == attempt) return live;
        return null;
    }

    private readonly record struct FailedAttempt(AttemptId Attempt, string Tracker);
}
