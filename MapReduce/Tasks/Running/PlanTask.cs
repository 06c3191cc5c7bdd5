using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Finds a step's inputs, cuts them into splits, and samples them when outputs are to be ranges of keys.</summary>
internal static class PlanTask
{
    /// <summary>More map tasks than these would be more bookkeeping than work.</summary>
    private const int MostMaps = 100_000;

    public static TaskOutcome Run(TaskOrder order, PlanOrder plan, JobCode code, AttemptEnvironment environment, CancellationToken cancellation)
    {
        JobSpec spec = order.Spec;
        int step = order.Task.Step;
        environment.Allowed.CheckOutput(spec.Output);
        bool readsStore = step == 0 && StoreInput.IsIn(spec);
        IReadOnlyList<string> files = step > 0 ? plan.Inputs : readsStore ? environment.StoreFiles : Expand(spec, environment.Allowed);
        JobDefinition definition = readsStore ? code.Steps[step] with { Input = StoreRecordFormat.Instance } : code.Steps[step];
        int reducers = definition.Reducers ?? spec.Reducers;
        IReadOnlyList<InputSplit> splits = InputPlanner.Plan(files, definition.Input, Math.Max(1, plan.Slots), spec.SplitBytes);
        if (splits.Count > MostMaps)
            throw new MapReduceException(JobFailure.Input, $"the input has {splits.Count} splits, more than {MostMaps}, the limit; ask for larger splits");
        StepPlan found = new()
        {
            Step = step,
            Name = definition.Name,
            Reducers = reducers,
            InputFiles = files.Count,
            Splits = splits,
            ReadsStore = readsStore,
            Bounds = definition.TotalOrder && reducers > 1 ? KeySampler.FindBounds(definition, code.Arguments, splits, reducers, spec.MaxRecordBytes, cancellation) : null,
        };
        string path = JobPaths.Plan(spec, step, order.Attempt);
        found.Write(path, spec.Durable);
        return new TaskOutcome
        {
            Key = order.Key,
            Plan = new PlanOutcome(path, code.Steps.Count, found.Name, splits.Count, reducers, files.Count, found.InputBytes),
        };
    }

    private static IReadOnlyList<string> Expand(JobSpec spec, AllowedPaths allowed)
    {
        IReadOnlyList<string> files = InputFiles.Expand(spec.Inputs);
        foreach (string file in files) allowed.CheckInput(file);
        return files;
    }
}
