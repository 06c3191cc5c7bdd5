namespace Quorleans.MapReduce.Jobs;

/// <summary>A job: what its events say, and what its coordinator is about to do with it.</summary>
internal sealed class JobState(JobSpec spec)
{
    private const int MaxFailuresShown = 20;
    private const int MaxFailureCharacters = 500;
    private readonly SortedDictionary<string, int> _trackerFailures = new(StringComparer.Ordinal);

    public JobSpec Spec { get; } = spec;

    /// <summary>See <see cref="TaskOrder.Secret"/>.</summary>
    public string Secret { get; private set; } = "";

    /// <summary>As it is in the store, or will be when the append that is on its way is there; null: nothing of the job is in the store.</summary>
    public JobOwner? Owner { get; set; }

    public int Generation { get; set; } = 1;

    public long SubmittedMs { get; private set; }

    public StepState Step { get; private set; } = new(0, 0);

    /// <summary>What the steps before did.</summary>
    public List<StepSummary> Past { get; } = [];

    /// <summary>The output files of the step before.</summary>
    public IReadOnlyList<string> Inputs { get; private set; } = [];

    /// <summary>The generation that may publish, or may have; 0: none yet.</summary>
    public int CommitGeneration { get; private set; }

    /// <summary>How it ended; null: it has not.</summary>
    public JobPhase? EndedAs { get; private set; }

    public string? Error { get; private set; }

    public long EndedMs { get; private set; }

    /// <summary>Why it has to fail, as soon as that is in the store; null: it has not to.</summary>
    public string? Failure { get; private set; }

    /// <summary>Somebody wants it cancelled.</summary>
    public bool IsCancelled { get; set; }

    public bool HasEnded => EndedAs is not null;

    /// <summary>Whether nothing more is begun for it, unless it turns out to be published.</summary>
    public bool IsClosing => IsCancelled || Failure is not null;

    public bool IsLastStep => Step.Plan is { } plan && Step.Number + 1 >= plan.Steps;

    /// <summary>Events that wait for the append before them.</summary>
    public List<JobEvent> Queue { get; } = [];

    /// <summary>Events on their way into the store.</summary>
    public List<JobEvent> InFlight { get; } = [];

    /// <summary>A file operation is under way.</summary>
    public bool IsWorking { get; set; }

    public bool IsPrepared { get; set; }

    /// <summary>Before this nothing that failed is tried again.</summary>
    public long RetryAtMs { get; set; }

    /// <summary>How many attempts run.</summary>
    public int Running { get; set; }

    /// <summary>Backups among them.</summary>
    public int RunningBackups { get; set; }

    /// <summary>Attempts of earlier generations that are not wanted any more; those of this one that do not run are not either.</summary>
    public HashSet<AttemptKey> Dead { get; } = [];

    /// <summary>Until then what runs is only listened to, since it may be known to trackers; 0: that is over.</summary>
    public long RecoverUntilMs { get; set; }

    /// <summary>Trackers that have reported since it was taken over.</summary>
    public HashSet<string> Heard { get; } = new(StringComparer.Ordinal);

    /// <summary>Trackers that may still run attempts which were stopped when the job ended.</summary>
    public SortedSet<string> StoppingOn { get; } = new(StringComparer.Ordinal);

    public int Attempts { get; set; }

    public int Retries { get; set; }

    public int Backups { get; set; }

    public string Status { get; set; } = "";

    public List<string> Failures { get; } = [];

    public int FailuresOn(string tracker) => _trackerFailures.GetValueOrDefault(tracker);

    public void Fail(string why) => Failure ??= why;

    public void NoteFailure(string text)
    {
        if (Failures.Count == MaxFailuresShown) Failures.RemoveAt(0);
        Failures.Add(Text.Cut(text, MaxFailureCharacters));
    }

    /// <summary>How many records were skipped so far.</summary>
    public long BadRecords()
    {
        long sum = Step.Totals.BadRecords;
        foreach (StepSummary step in Past) sum += step.BadRecords;
        return sum;
    }

    /// <summary>What a journaled event changes. The same for the coordinator that wrote it and for the one that reads it after a take-over.</summary>
    public void Apply(JobEvent e)
    {
        switch (e.Kind)
        {
            case JobEventKind.Submitted:
                (SubmittedMs, Secret) = (e.AtMs, e.Secret ?? "");
                Step = new StepState(0, e.AtMs);
                break;
            case JobEventKind.PlanWon:
                if (Step.Plan is null) Step.WinPlan(e.Outcome!);
                break;
            case JobEventKind.MapWon or JobEventKind.ReduceWon:
                ApplyWin(e);
                break;
            case JobEventKind.MapsLost:
                ApplyLoss(e);
                break;
            case JobEventKind.TaskFailed:
                ApplyFailure(e);
                break;
            case JobEventKind.StepBegun:
                Past.Add(Summarize(e.AtMs));
                Inputs = Step.Files();
                Step = new StepState(Step.Number + 1, e.AtMs);
                break;
            case JobEventKind.Committing:
                CommitGeneration = e.Generation;
                break;
            default:
                EndedAs = PhaseOf(e.Kind);
                Error = e.Error;
                EndedMs = e.AtMs;
                break;
        }
    }

    public static JobPhase PhaseOf(JobEventKind end) => end switch
    {
        JobEventKind.Published => JobPhase.Done,
        JobEventKind.Failed => JobPhase.Failed,
        _ => JobPhase.Cancelled,
    };

    /// <summary>What the step did; only when it is done.</summary>
    public StepSummary Summarize(long nowMs)
    {
        const int mostPlaces = 100;
        List<string> places = [];
        foreach (TaskState map in Step.Maps)
        {
            if (map.Counted?.Map is not { } outcome) continue;
            foreach (string place in outcome.BadRecordPlaces)
                if (places.Count < mostPlaces) places.Add(place);
        }

        StepTotals totals = Step.Totals;
        return new StepSummary
        {
            Name = Step.Plan!.Name, InputFiles = Step.Plan.InputFiles, InputBytes = Step.Plan.InputBytes, Records = totals.Records, BadRecords = totals.BadRecords,
            BadRecordPlaces = places, Pairs = totals.Pairs, SpilledBytes = totals.SpilledBytes, Groups = totals.Groups, OutputRecords = totals.OutputRecords,
            OutputBytes = totals.OutputBytes, Maps = Step.Maps.Length, Reduces = Step.Reduces.Length,
            MapMs = Math.Max(0, (Step.MappedMs == 0 ? nowMs : Step.MappedMs) - Step.BegunMs), Ms = Math.Max(0, nowMs - Step.BegunMs), Counters = totals.Counters(),
        };
    }

    private void ApplyWin(JobEvent e)
    {
        if (Step.Find(e.Outcome!.Key.Task) is not { Won: null } task) return;
        Step.Win(task, e.Outcome, e.Output, e.AtMs);
        long bad = BadRecords();
        if (bad > Spec.MaxBadRecords) Fail($"{bad} records are bad, and {Spec.MaxBadRecords} may be{FirstPlace(e.Outcome)}. Correct the input, or allow more bad records.");
    }

    private void ApplyLoss(JobEvent e)
    {
        foreach (LostMap lost in e.Lost)
        {
            if (Step.IsDone || Step.Find(new TaskId(Step.Number, TaskKind.Map, lost.Map)) is not { } map || !map.Is(lost.Attempt)) continue;
            string tracker = map.Output!.Tracker;
            Step.Lose(map);
            if (e.Outcome is not null && ++map.Losses >= Spec.MaxAttempts)
                Fail($"The output of task {map.Id} could not be read {map.Losses} times, last from node {tracker}: {e.Outcome.Failure?.Message}");
        }

        if (e.Outcome is null || Step.Find(e.Outcome.Key.Task) is not { } reduce) return;
        reduce.Fail(e.Outcome.Key.Attempt, e.Tracker!, counts: false);
        const int patience = 3;
        if (++reduce.Losses >= patience * Spec.MaxAttempts)
            Fail($"Task {reduce.Id} could not get its input {reduce.Losses} times, last on node {e.Tracker}: {e.Outcome.Failure?.Message}");
    }

    private void ApplyFailure(JobEvent e)
    {
        TaskOutcome outcome = e.Outcome!;
        if (Step.Find(outcome.Key.Task) is not { } task) return;
        TaskFailure failure = outcome.Failure!;

        // A crash at a record that is skipped from now on is a step forward: the number of such steps is limited by that of bad records.
        bool skips = failure is { Kind: TaskFailureKind.Crash, Record: not null } && Spec.MaxBadRecords > BadRecords() && task.Skip.Count < Spec.MaxBadRecords && task.AddSkip(failure.Record.Value);
        task.Fail(outcome.Key.Attempt, e.Tracker!, counts: !skips);
        NoteFailure($"{outcome.Key.Task}/{outcome.Key.Attempt} on {e.Tracker}: {failure.Message}");
        if (!skips) _trackerFailures[e.Tracker!] = FailuresOn(e.Tracker!) + 1;
        if (failure.Kind == TaskFailureKind.Job) Fail(failure.Message);
        else if (task.Failures >= Spec.MaxAttempts) Fail($"Task {task.Id} failed {task.Failures} times, last on node {e.Tracker}: {failure.Message}");
    }

    private static string FirstPlace(TaskOutcome outcome) => outcome.Map is { BadRecordPlaces: [var place, ..] } ? $", such as {place}" : "";
}
