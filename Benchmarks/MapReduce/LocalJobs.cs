using Quorleans.MapReduce.Engine;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>The engine in this process.</summary>
internal sealed class LocalJobs : IJobHost
{
    public string Name => "local";

    public JobReport Run(JobRequest request) => new LocalRunner(new JobProgress()).Run(request, CancellationToken.None)[0];
}
