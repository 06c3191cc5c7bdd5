using System.Globalization;
using Quorleans.MapReduce;

namespace Quorleans.TestApplications;

/// <summary>Each map call says in which process it was, when, and how many were at it.</summary>
public sealed class MapTiming : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        string markers = arguments.Require("markers");
        int milliseconds = arguments.Number("milliseconds", 1000);
        return Lab.Job(
            "mtiming",
            (_, _) =>
            [
                ($"times-{Environment.ProcessId}", DateTime.UtcNow.ToString("HH:mm:ss.f", CultureInfo.InvariantCulture)),
                ($"parallel-{Environment.ProcessId}", Lab.CountParallel(markers, "map", milliseconds).ToString(CultureInfo.InvariantCulture)),
            ],
            static (_, values) => Lab.Join(values));
    }
}

/// <summary>Each reduce call says how many processes were at it.</summary>
public sealed class ReduceTiming : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        string markers = arguments.Require("markers");
        int milliseconds = arguments.Number("milliseconds", 1000);
        return Lab.Job(
            "rtiming", static (_, _) => "abcdefghij".Select(static key => (key.ToString(), "1")),
            (_, _) => Lab.CountParallel(markers, "reduce", milliseconds).ToString(CultureInfo.InvariantCulture));
    }
}

/// <summary>Each map call leaves a mark; the one reduce call counts them.</summary>
public sealed class JobCount : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        string markers = arguments.Require("markers");
        int milliseconds = arguments.Number("milliseconds", 2000);
        return Lab.Job(
            "jobcount",
            (_, _) =>
            {
                File.WriteAllText(Path.Combine(markers, $"mr-worker-jobcount-{Guid.NewGuid():n}"), "x");
                Thread.Sleep(milliseconds + Random.Shared.Next((int)(milliseconds * 1.5)));
                return [("a", "x")];
            },
            (_, _) => Directory.EnumerateFiles(markers, "mr-worker-jobcount-*").Count().ToString(CultureInfo.InvariantCulture));
    }
}

/// <summary>Some reduce calls take much longer than all others.</summary>
public sealed class EarlyExit : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        int milliseconds = arguments.Number("milliseconds", 3000);
        return Lab.Job(
            "early_exit", static (file, _) => [(file, "1")],
            (key, values) =>
            {
                if (key.Contains("sherlock", StringComparison.Ordinal) || key.Contains("tom", StringComparison.Ordinal)) Thread.Sleep(milliseconds);
                return values.Count.ToString(CultureInfo.InvariantCulture);
            });
    }
}

/// <summary>Any map and any reduce call may end the process, or take long.</summary>
public sealed class Crash : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        int exit = arguments.Number("exit", 33, maximum: 100);
        int slow = arguments.Number("slow", 33, maximum: 100 - exit);
        int milliseconds = arguments.Number("milliseconds", 10_000);
        return Lab.Job(
            "crash",
            (file, content) =>
            {
                MayCrash();
                return
                [
                    ("a", file), ("b", file.Length.ToString(CultureInfo.InvariantCulture)),
                    ("c", content.Length.ToString(CultureInfo.InvariantCulture)), ("d", "xyzzy"),
                ];
            },
            (_, values) =>
            {
                MayCrash();
                return Lab.Join(values);
            });

        void MayCrash()
        {
            int chance = Random.Shared.Next(100);
            if (chance < exit) Environment.Exit(1);
            else if (chance < exit + slow) Thread.Sleep(Random.Shared.Next(milliseconds));
        }
    }
}
