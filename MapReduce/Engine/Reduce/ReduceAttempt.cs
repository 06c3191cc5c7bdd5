using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>Runs one attempt of a reduce task: merges its partition of all runs, calls the reducer, leaves an output file.</summary>
public sealed class ReduceAttempt(ReduceSettings settings, WorkFiles files, JobProgress progress)
{
    private const int GroupsPerReport = 4096;
    private const int FewestRunsAtATime = 8;
    private const int MostRunsAtATime = 256;

    /// <summary>Runs it on the calling thread.</summary>
    /// <param name="partition">Which partition.</param>
    /// <param name="runs">All runs of the job's map tasks, in the order of the tasks.</param>
    /// <param name="outputPath">The file to write.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="MapReduceException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ReduceResult Run(int partition, IReadOnlyList<Run> runs, string outputPath, CancellationToken cancellation)
    {
        int atATime = (int)Math.Clamp(settings.MemoryBytes / (2 * Engine.Run.LeastReadBytes), FewestRunsAtATime, MostRunsAtATime);
        List<Run> left = [.. runs.Where(run => run.Segments[partition].Pairs > 0)];
        List<string> own = [];
        while (left.Count > atATime) left = MergeSome(left, partition, atATime, own, cancellation);
        using MergeReader pairs = new(left, partition, settings.Definition.KeyOrder, settings.MemoryBytes);
        using OutputWriter output = new(files, outputPath, settings.Definition.Output, progress);
        ReduceContext context = new(settings.Arguments, output, progress.SetStatus, cancellation);
        GroupReader groups = new(pairs, settings.Definition.KeyOrder, settings.Watch);
        Reducing reducing = new(groups, context, progress, cancellation);
        if (settings.Definition.Aggregation is { } aggregation) aggregation.Accept(reducing);
        else if (settings.Definition.Reducer is { } maker) reducing.Call(maker);
        else reducing.Copy();
        output.Finish(settings.Durable);
        foreach (string path in own) File.Delete(path);
        return new ReduceResult(outputPath, reducing.Groups, output.Records, output.Bytes, context.Counters);
    }

    // Neighbours are merged, so that equal keys stay in the order of the runs.
    private List<Run> MergeSome(List<Run> runs, int partition, int atATime, List<string> own, CancellationToken cancellation)
    {
        List<Run> merged = [];
        foreach (Run[] some in runs.Chunk(atATime))
        {
            string path = files.NewPath("merge");
            own.Add(path);
            using MergeReader pairs = new(some, partition, settings.Definition.KeyOrder, settings.MemoryBytes);
            using RunWriter writer = new(files, path, partition + 1);
            writer.BeginPartition(partition);
            for (long n = 0; pairs.MoveNext(); n++)
            {
                if (n % GroupsPerReport == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                    settings.Watch?.Step();
                }

                writer.Write(pairs.Key, pairs.Value);
            }

            Run run = writer.Finish();
            merged.Add(run);
            progress.AddSpilled(run.Bytes);
        }

        return merged;
    }

    private sealed class Reducing(GroupReader groups, ReduceContext context, JobProgress progress, CancellationToken cancellation) : IAggregationVisitor<bool>
    {
        private long _reported;

        public long Groups { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Call(Func<IUtf8Reducer> maker)
        {
            IUtf8Reducer reducer;
            try
            {
                reducer = maker();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new MapReduceException(JobFailure.UserCode, $"the reducer cannot be made: {e.GetType().Name}: {e.Message}", e);
            }

            while (Next())
            {
                try
                {
                    reducer.Reduce(groups.Key, groups, context);
                }
                catch (Exception e) when (e is not MapReduceException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
                {
                    throw new MapReduceException(JobFailure.UserCode, $"the reducer failed for the key {Describe.Bytes(groups.Key)}: {e.GetType().Name}: {e.Message}", e);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Copy()
        {
            while (Next())
            {
                for (int n = 1; groups.MoveNext(); n++)
                {
                    context.Write(groups.Key, groups.Current);
                    if (n % GroupsPerReport == 0) Report();
                }
            }
        }

        public bool Visit<TCombiner>()
            where TCombiner : struct, ICombiner<long>
        {
            Span<byte> text = stackalloc byte[20];
            while (Next())
            {
                groups.MoveNext();
                long combined = Number();
                while (groups.MoveNext()) default(TCombiner).Combine(ref combined, Number());
                Utf8Formatter.TryFormat(combined, text, out int length);
                context.Write(groups.Key, text[..length]);
            }

            return true;
        }

        private long Number()
        {
            int at = 0;
            return Varint.UnZigZag(Varint.Read(groups.Current, ref at));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private bool Next()
        {
            if (Groups % GroupsPerReport == 0) Report();
            if (!groups.NextGroup())
            {
                Report();
                return false;
            }

            Groups++;
            return true;
        }

        private void Report()
        {
            cancellation.ThrowIfCancellationRequested();
            progress.AddReduced(groups.Pairs - _reported);
            _reported = groups.Pairs;
        }
    }
}
