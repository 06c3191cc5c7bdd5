using System.Globalization;

namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// Where a job's files lie while it runs: in a hidden folder beside its output, on the file system that all silos share. Every name holds the
/// attempt or the generation that writes it, so that nobody ever writes what somebody else may publish.
/// </summary>
public static class JobPaths
{
    /// <summary>The job's folder.</summary>
    public static string Staging(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Path.Combine(Path.GetDirectoryName(spec.Output)!, $".{Path.GetFileName(spec.Output)}.mr-{spec.Id}");
    }

    /// <summary>What a plan task's attempt leaves.</summary>
    public static string Plan(JobSpec spec, int step, AttemptId attempt) => Path.Combine(Staging(spec), string.Create(CultureInfo.InvariantCulture, $"plan-{step}-{attempt}"));

    /// <summary>What a plan task's attempt scans of the store.</summary>
    public static string Store(JobSpec spec, AttemptId attempt, int number) => Path.Combine(Staging(spec), string.Create(CultureInfo.InvariantCulture, $"store-{attempt}-{number}"));

    /// <summary>What a reduce task's attempt leaves.</summary>
    public static string Reduce(JobSpec spec, int step, int task, AttemptId attempt) => Path.Combine(Staging(spec), string.Create(CultureInfo.InvariantCulture, $"reduce-{step}-{task}-{attempt}"));

    /// <summary>Where a generation's coordinator puts the output together. Its rename to the output is the job's publication.</summary>
    public static string Content(JobSpec spec, int generation) => Path.Combine(Staging(spec), string.Create(CultureInfo.InvariantCulture, $"output-g{generation}"));

    /// <summary>An output file's name.</summary>
    public static string OutputName(int reduce) => string.Create(CultureInfo.InvariantCulture, $"mr-out-{reduce}");
}
