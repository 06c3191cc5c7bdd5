using System.Collections.Concurrent;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>A job's application as its tasks need it. Made once for all tasks of the job in a process.</summary>
internal sealed class JobCode
{
    private readonly ConcurrentDictionary<string, StepPlan> _plans = new(StringComparer.Ordinal);

    private JobCode(JobArguments arguments, IReadOnlyList<JobDefinition> steps) => (Arguments, Steps) = (arguments, steps);

    public JobArguments Arguments { get; }

    public IReadOnlyList<JobDefinition> Steps { get; }

    /// <exception cref="ApplicationLoadException">There is no such application.</exception>
    /// <exception cref="JobArgumentException">An argument is missing, wrong or unknown.</exception>
    public static JobCode Load(JobSpec spec, AllowedPaths allowed)
    {
        if (!ApplicationLoader.IsBuiltIn(spec.Application)) allowed.CheckAssembly(ApplicationLoader.Parse(spec.Application).Assembly);
        JobArguments arguments = new(spec.Arguments);
        IReadOnlyList<JobDefinition> steps = ApplicationLoader.Load(spec.Application).Define(arguments);
        if (arguments.Unknown is [string unknown, ..]) throw new JobArgumentException($"the application {spec.Application} knows no argument {unknown}");
        return steps.Count > 0 ? new JobCode(arguments, steps) : throw new MapReduceException(JobFailure.UserCode, $"the application {spec.Application} has no jobs");
    }

    /// <summary>What a step does on the inputs of a plan.</summary>
    public JobDefinition DefinitionOf(StepPlan plan)
    {
        if (plan.Step >= Steps.Count)
            throw new MapReduceException(JobFailure.UserCode, $"the application has {Steps.Count} jobs now, and had more than {plan.Step} when the job began; it must not change while the job runs");
        JobDefinition step = Steps[plan.Step];
        return plan.ReadsStore ? step with { Input = StoreRecordFormat.Instance } : step;
    }

    /// <summary>A step's plan; read once.</summary>
    public StepPlan ReadPlan(string path) => _plans.TryGetValue(path, out StepPlan? plan) ? plan : _plans.GetOrAdd(path, StepPlan.Read(path));
}
