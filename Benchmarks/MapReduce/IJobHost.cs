using Quorleans.MapReduce.Engine;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>Where jobs run that are measured: in this process, or on a cluster.</summary>
internal interface IJobHost
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Runs a job, from its submission until its output is there.</summary>
    JobReport Run(JobRequest request);
}
