using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Gathers one partition of all map outputs and reduces it to an output file in the job's staging folder.</summary>
internal static class ReduceTask
{
    /// <summary>How much of an attempt it is, by a rule of thumb, to fetch from other machines.</summary>
    private const double FetchShare = 0.3;

    public static TaskOutcome Run(
        TaskOrder order, ReduceOrder reduce, JobCode code, AttemptEnvironment environment, TaskProgress progress, MapOutputFetcher fetcher, IRecordWatch? watch,
        CancellationToken cancellation)
    {
        JobSpec spec = order.Spec;
        StepPlan plan = code.ReadPlan(reduce.PlanFile);
        int partition = order.Task.Index;
        WorkFiles files = new(environment.Folder);
        JobProgress engine = new();
        engine.Begin(plan.Name, 0, 0, 1);
        long remote = reduce.Maps.Where(map => map.Machine != environment.Machine).Sum(static map => map.Bytes) / plan.Reducers;
        long fetched = 0;
        progress.Follow(() => new TaskProgress.State(engine.OutputBytes, engine.ReducedPairs, FractionOf(engine, remote, Volatile.Read(ref fetched)), engine.Status));
        ReduceInputs inputs = ReduceInputs.Collect(reduce.Maps, partition, order.Secret, environment, fetcher, files, bytes => Interlocked.Add(ref fetched, bytes), cancellation);
        engine.SetPairs(inputs.Runs.Sum(run => run.Segments[partition].Pairs));
        ReduceSettings settings = new()
        {
            Definition = code.DefinitionOf(plan), Arguments = code.Arguments, MemoryBytes = spec.MemoryBytes,
            // Also those of a step in the middle: a job outlives the power, and must not go on with half a file.
            Durable = spec.Durable,
            Watch = watch,
        };
        string path = JobPaths.Reduce(spec, order.Task.Step, partition, order.Attempt);
        try
        {
            ReduceResult result = new ReduceAttempt(settings, files, engine).Run(partition, inputs.Runs, path, cancellation);
            return new TaskOutcome
            {
                Key = order.Key,
                Reduce = new ReduceOutcome(path, result.Groups, result.Records, result.Bytes, engine.SpilledBytes, engine.ReducedPairs),
                Counters = [.. result.Counters.OrderBy(static counter => counter.Key, StringComparer.Ordinal)],
            };
        }
        catch (MapReduceException e) when (e.Run is { } run && inputs.TryFindOwner(run, out MapOutput? owner))
        {
            Remove(path);
            throw new MapOutputsLostException(e.Message, [owner], e);
        }
        catch
        {
            Remove(path);
            throw;
        }
    }

    private static double FractionOf(JobProgress engine, long remote, long fetched)
    {
        double merged = engine.Pairs == 0 ? 0 : Math.Min(1, (double)engine.ReducedPairs / engine.Pairs);
        return remote == 0 ? merged : (FetchShare * Math.Min(1, (double)fetched / remote)) + ((1 - FetchShare) * merged);
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It bears the attempt's name, so that nobody takes it for a winner's, and goes with the staging folder.
        }
    }
}
