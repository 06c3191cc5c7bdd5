using Quorleans.MapReduce;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>The engine in this process.</summary>
/// <param name="slots">How many tasks run at a time.</param>
internal sealed class LocalJobs(int slots) : IJobHost
{
    public string Name => "local";

    public Task<JobReport> RunAsync(JobSpec spec, CancellationToken cancellationToken)
    {
        JobArguments arguments = new(spec.Arguments);
        JobRequest request = new()
        {
            Jobs = ApplicationLoader.Load(spec.Application).Define(arguments),
            Arguments = arguments,
            Inputs = InputFiles.Expand(spec.Inputs),
            Output = spec.Output,
            Overwrite = spec.Overwrite,
            Reducers = spec.Reducers,
            MemoryBytes = spec.MemoryBytes,
            SplitBytes = spec.SplitBytes,
            Slots = slots,
            Durable = spec.Durable,
        };
        return Task.FromResult(new LocalRunner(new JobProgress()).Run(request, cancellationToken)[0]);
    }
}
