namespace Quorleans.MapReduce.Jobs;

/// <summary>A step of a job: its tasks, and which of them wait for a slot.</summary>
internal sealed class StepState(int number, long begunMs)
{
    private readonly SortedSet<int> _waitingMaps = [], _waitingReduces = [];
    private readonly List<long> _mapMs = [], _reduceMs = [];
    private bool _planWaits = true;
    private MapOutput[]? _outputs;

    public int Number { get; } = number;

    public long BegunMs { get; } = begunMs;

    /// <summary>When the last map task had a winner.</summary>
    public long MappedMs { get; private set; }

    /// <summary>What its plan task found; null before.</summary>
    public PlanOutcome? Plan { get; private set; }

    public TaskState PlanTask { get; } = new(new TaskId(number, TaskKind.Plan, 0));

    public TaskState[] Maps { get; private set; } = [];

    public TaskState[] Reduces { get; private set; } = [];

    public int MapsDone { get; private set; }

    public int ReducesDone { get; private set; }

    public StepTotals Totals { get; } = new();

    public bool IsMapped => Plan is not null && MapsDone == Maps.Length;

    /// <summary>Whether nothing of it is left to do. Map outputs that are lost are not needed any more then.</summary>
    public bool IsDone => Plan is not null && ReducesDone == Reduces.Length;

    /// <summary>What can be worked at now.</summary>
    public TaskKind Phase => Plan is null ? TaskKind.Plan : IsMapped ? TaskKind.Reduce : TaskKind.Map;

    public TaskState? Find(TaskId id) => id.Step != Number ? null : id.Kind switch
    {
        TaskKind.Plan => id.Index == 0 ? PlanTask : null,
        TaskKind.Map => (uint)id.Index < (uint)Maps.Length ? Maps[id.Index] : null,
        _ => (uint)id.Index < (uint)Reduces.Length ? Reduces[id.Index] : null,
    };

    /// <summary>The tasks of a kind that nobody works at and that have no winner, by index.</summary>
    public SortedSet<int> WaitingOf(TaskKind kind) => kind == TaskKind.Map ? _waitingMaps : _waitingReduces;

    public bool HasWaiting(TaskKind kind) => kind == TaskKind.Plan ? _planWaits : WaitingOf(kind).Count > 0;

    /// <summary>How long the winners of a kind ran, in milliseconds.</summary>
    public List<long> DurationsOf(TaskKind kind) => kind == TaskKind.Map ? _mapMs : _reduceMs;

    /// <summary>Puts a task among those that wait, or takes it out, by what is the case.</summary>
    public void Settle(TaskState task)
    {
        bool waits = task.Won is null && task.Live.Count == 0;
        if (task.Id.Kind == TaskKind.Plan) _planWaits = waits;
        else if (waits) WaitingOf(task.Id.Kind).Add(task.Id.Index);
        else WaitingOf(task.Id.Kind).Remove(task.Id.Index);
    }

    public void WinPlan(TaskOutcome outcome)
    {
        PlanTask.Win(outcome, null);
        Plan = outcome.Plan!;
        Maps = MakeTasks(TaskKind.Map, Plan.Maps);
        Reduces = MakeTasks(TaskKind.Reduce, Plan.Reducers);
        Settle(PlanTask);
        foreach (TaskState task in Maps) Settle(task);
        foreach (TaskState task in Reduces) Settle(task);
    }

    public void Win(TaskState task, TaskOutcome outcome, MapOutput? output, long atMs)
    {
        if (task.Counted is { } before) Totals.TakeOut(before);
        Totals.Add(outcome);
        task.Win(outcome, output);
        DurationsOf(task.Id.Kind).Add(outcome.Milliseconds);
        if (task.Id.Kind == TaskKind.Map)
        {
            _outputs = null;
            if (++MapsDone == Maps.Length) MappedMs = atMs;
        }
        else
        {
            ReducesDone++;
        }

        Settle(task);
    }

    public void Lose(TaskState map)
    {
        map.Lose();
        MapsDone--;
        _outputs = null;
        Settle(map);
    }

    /// <summary>Where the outputs of all map tasks are; only when they all have one.</summary>
    public IReadOnlyList<MapOutput> Outputs()
    {
        if (_outputs is not null) return _outputs;
        MapOutput[] outputs = new MapOutput[Maps.Length];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = Maps[i].Output!;
        return _outputs = outputs;
    }

    /// <summary>The output files, by reduce task; only when it is done.</summary>
    public List<string> Files()
    {
        List<string> files = new(Reduces.Length);
        foreach (TaskState reduce in Reduces) files.Add(reduce.Won!.Reduce!.File);
        return files;
    }

    private TaskState[] MakeTasks(TaskKind kind, int count)
    {
        TaskState[] tasks = new TaskState[count];
        for (int i = 0; i < count; i++) tasks[i] = new TaskState(new TaskId(Number, kind, i));
        return tasks;
    }
}
