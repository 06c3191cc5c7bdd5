using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>Runs one attempt of a map task: reads its split, calls the mapper, leaves sorted runs.</summary>
public sealed class MapAttempt(MapSettings settings, WorkFiles files, JobProgress progress)
{
    private const int RecordsPerReport = 1024;
    private const long BytesPerReport = 1 << 20;

    /// <summary>Runs it on the calling thread.</summary>
    /// <exception cref="MapReduceException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public MapResult Run(InputSplit split, CancellationToken cancellation)
    {
        try
        {
            return Work(split, cancellation);
        }
        catch (Exception e) when (e is not MapReduceException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            // Records are dealt with below; what is left are makers of mappers, combiners and the order of keys.
            throw new MapReduceException(JobFailure.UserCode, $"the application failed in a map task, not at a record: {(e.InnerException ?? e).GetType().Name}: {(e.InnerException ?? e).Message}", e);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private MapResult Work(InputSplit split, CancellationToken cancellation)
    {
        using MapContext context = settings.Definition.Aggregation is { } aggregation
            ? aggregation.Accept(new ContextMaker(settings, files, progress.SetStatus, cancellation))
            : new Utf8MapContext(settings, files, progress.SetStatus, cancellation);
        using RecordReader reader = new(settings.Definition.Input, settings.MaxRecordBytes, cancellation);
        bool holdsLines = settings.Definition.Input.HoldsLines;
        long records = 0;
        long reportedRecords = 0;
        long reportedBytes = 0;
        foreach (FileRange range in split.Ranges)
        {
            reader.Open(range);
            context.InputPath = range.Path;
            settings.Watch?.Open(range.Path);
            while (reader.TryRead(out ReadOnlySpan<byte> record))
            {
                context.Position = reader.Position;
                if (settings.Skip is { } skip && skip.Contains((range.Path, reader.Position)))
                {
                    settings.BadRecords.SkipUnseen(range.Path, reader.Position);
                    continue;
                }

                settings.Watch?.Begin(reader.Position);
                try
                {
                    context.Map(record);
                    records += holdsLines ? record.Count((byte)'\n') : 1;
                }
                catch (Exception e) when (e is not MapReduceException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
                {
                    settings.BadRecords.Skip(range.Path, reader.Position, e);
                    context.Drop();
                    continue;
                }

                context.Release();
                if (records - reportedRecords >= RecordsPerReport || reader.BytesRead - reportedBytes >= BytesPerReport) Report();
            }
        }

        settings.Watch?.Close();
        context.Finish();
        settings.Watch?.Close();
        Report();
        progress.AddSpilled(context.Runs.Sum(static run => run.Bytes));
        return new MapResult(context.Runs, records, context.Pairs, context.Counters);

        void Report()
        {
            cancellation.ThrowIfCancellationRequested();
            progress.AddMapped(records - reportedRecords, reader.BytesRead - reportedBytes);
            reportedRecords = records;
            reportedBytes = reader.BytesRead;
        }
    }

    private sealed class ContextMaker(MapSettings settings, WorkFiles files, Action<string> status, CancellationToken cancellation) : IAggregationVisitor<MapContext>
    {
        public MapContext Visit<TCombiner>()
            where TCombiner : struct, ICombiner<long> => new AggregatingMapContext<TCombiner>(settings, files, status, cancellation);
    }
}
