using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Maps a split to sorted runs in the attempt's folder, with an index beside them.</summary>
internal static class MapTask
{
    private const int MostPlaces = 10;
    private const int MostPlaceChars = 500;

    public static TaskOutcome Run(
        TaskOrder order, MapOrder map, JobCode code, AttemptEnvironment environment, TaskProgress progress, IRecordWatch? watch, CancellationToken cancellation)
    {
        JobSpec spec = order.Spec;
        StepPlan plan = code.ReadPlan(map.PlanFile);
        JobDefinition definition = code.DefinitionOf(plan);
        InputSplit split = plan.Splits[order.Task.Index];
        BadRecords badRecords = new(spec.MaxBadRecords);
        JobProgress engine = new();
        engine.Begin(plan.Name, split.Bytes, 1, plan.Reducers);
        progress.Follow(() => new TaskProgress.State(engine.MappedBytes, engine.Records, split.Bytes == 0 ? 0 : Math.Min(1, (double)engine.MappedBytes / split.Bytes), engine.Status));
        MapSettings settings = new()
        {
            Definition = definition,
            Arguments = code.Arguments,
            Partitions = plan.Reducers,
            Partitioner = plan.Bounds is { } bounds ? new RangePartitioner(bounds, definition.KeyOrder) : definition.Partitioner,
            MemoryBytes = spec.MemoryBytes,
            MaxRecordBytes = spec.MaxRecordBytes,
            BadRecords = badRecords,
            Skip = map.Skip.Count == 0 ? null : map.Skip.Select(static place => (place.Path, place.Position)).ToHashSet(),
            Watch = watch,
        };
        MapResult result = new MapAttempt(settings, new WorkFiles(environment.Folder), engine).Run(split, cancellation);
        string index = Path.Combine(environment.Folder, RunIndex.FileName);
        RunIndex.Write(index, result.Runs);
        return new TaskOutcome
        {
            Key = order.Key,
            Map = new MapOutcome(
                index, split.Bytes, result.Records, result.Pairs, result.Runs.Sum(static run => run.Bytes), badRecords.Count,
                [.. badRecords.Places.Take(MostPlaces).Select(static place => place.Length <= MostPlaceChars ? place : place[..MostPlaceChars] + "…")]),
            Counters = [.. result.Counters.OrderBy(static counter => counter.Key, StringComparer.Ordinal)],
        };
    }
}
