using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>Where jobs run that are measured: in this process, or on a cluster.</summary>
internal interface IJobHost
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Runs a job, from its submission until its output is there.</summary>
    /// <param name="spec">The job; all hosts get the same one, but for its id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<JobReport> RunAsync(JobSpec spec, CancellationToken cancellationToken);
}
