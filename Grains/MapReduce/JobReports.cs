using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Grains.MapReduce;

/// <summary>The report that lies in a job's output, in the same form as that of a job without a cluster.</summary>
internal static class JobReports
{
    private const double MsPerSecond = 1000;

    public static byte[] ToJson(string job, IReadOnlyList<StepSummary> steps) => JobReport.ToJson([.. steps.Select(Convert)], job);

    private static JobReport Convert(StepSummary step)
    {
        SortedDictionary<string, long> counters = new(StringComparer.Ordinal);
        foreach ((string name, long value) in step.Counters) counters[name] = value;
        return new JobReport
        {
            Job = step.Name, InputFiles = step.InputFiles, InputBytes = step.InputBytes, Records = step.Records, BadRecords = step.BadRecords, BadRecordPlaces = step.BadRecordPlaces,
            Pairs = step.Pairs, SpilledBytes = step.SpilledBytes, Groups = step.Groups, OutputRecords = step.OutputRecords, OutputBytes = step.OutputBytes, Maps = step.Maps,
            Reduces = step.Reduces, MapSeconds = step.MapMs / MsPerSecond, Seconds = step.Ms / MsPerSecond, Counters = counters,
        };
    }
}
