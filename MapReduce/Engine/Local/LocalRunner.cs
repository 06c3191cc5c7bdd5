using System.Diagnostics;
using System.Globalization;

namespace Quorleans.MapReduce.Engine;

/// <summary>Runs jobs in this process, without a cluster.</summary>
public sealed class LocalRunner(JobProgress progress, Func<string, WorkFiles>? workFiles = null)
{
    private readonly Func<string, WorkFiles> _workFiles = workFiles ?? (static folder => new WorkFiles(folder));

    /// <summary>Runs jobs on threads of their own while the caller's waits, and publishes the last one's output.</summary>
    /// <returns>A report for each job, as it also lies in the output.</returns>
    /// <exception cref="MapReduceException">A job failed; nothing was published.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing was published.</exception>
    public IReadOnlyList<JobReport> Run(JobRequest request, CancellationToken cancellation)
    {
        using OutputFolder output = OutputFolder.Begin(request.Output, request.Overwrite);
        List<JobReport> reports = [];
        IReadOnlyList<string> inputs = request.Inputs;
        for (int i = 0; i < request.Jobs.Count; i++)
        {
            bool isLast = i == request.Jobs.Count - 1;
            string folder = isLast ? output.Content : Path.Combine(output.Work, string.Create(CultureInfo.InvariantCulture, $"step-{i}"));
            string work = Path.Combine(output.Work, string.Create(CultureInfo.InvariantCulture, $"runs-{i}"));
            Directory.CreateDirectory(folder);
            Directory.CreateDirectory(work);
            Job job = new(request, request.Jobs[i], inputs, folder, _workFiles(work), progress, request.Durable && isLast, cancellation);
            reports.Add(job.Run());
            inputs = job.OutputFiles;
            Directory.Delete(work, recursive: true);
        }

        WorkFiles files = _workFiles(output.Content);
        WriteFile(files, JobReport.FileName, JobReport.ToJson(reports), request.Durable);
        WriteFile(files, "_SUCCESS", [], request.Durable);
        cancellation.ThrowIfCancellationRequested();
        output.Publish(request.Durable);
        return reports;
    }

    private static void WriteFile(WorkFiles files, string name, byte[] bytes, bool durable)
    {
        string path = Path.Combine(files.Folder, name);
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = files.Create(path);
        if (bytes.Length > 0) files.Write(file, path, bytes, 0);
        if (durable) DurableFiles.Sync(file, path);
    }

    private sealed class Job(
        JobRequest request, JobDefinition definition, IReadOnlyList<string> inputs, string folder, WorkFiles files, JobProgress progress, bool durable,
        CancellationToken cancellation)
    {
        private readonly int _reducers = definition.Reducers ?? request.Reducers;

        public string[] OutputFiles { get; private set; } = [];

        public JobReport Run()
        {
            long start = Stopwatch.GetTimestamp();
            BadRecords badRecords = new(request.MaxBadRecords);
            IReadOnlyList<InputSplit> splits = InputPlanner.Plan(inputs, definition.Input, request.Slots, request.SplitBytes);
            long inputBytes = splits.Sum(static split => split.Bytes);
            progress.Begin(definition.Name, inputBytes, splits.Count, _reducers);
            MapSettings settings = new()
            {
                Definition = definition,
                Arguments = request.Arguments,
                Partitions = _reducers,
                Partitioner = definition.TotalOrder && _reducers > 1
                    ? new RangePartitioner(KeySampler.FindBounds(definition, request.Arguments, splits, _reducers, request.MaxRecordBytes, cancellation), definition.KeyOrder)
                    : definition.Partitioner,
                MemoryBytes = request.MemoryBytes,
                MaxRecordBytes = request.MaxRecordBytes,
                BadRecords = badRecords,
            };
            MapResult[] maps = new MapResult[splits.Count];
            TaskPool.Run(splits.Count, request.Slots, (task, token) =>
            {
                maps[task] = new MapAttempt(settings, files, progress).Run(splits[task], token);
                progress.EndMap();
            }, cancellation);
            double mapSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            ReduceResult[] reduces = Reduce([.. maps.SelectMany(static map => map.Runs)]);
            OutputFiles = [.. reduces.Select(static reduce => reduce.Path)];
            return new JobReport
            {
                Job = definition.Name,
                InputFiles = inputs.Count,
                InputBytes = inputBytes,
                Records = maps.Sum(static map => map.Records),
                BadRecords = badRecords.Count,
                BadRecordPlaces = badRecords.Places,
                Pairs = maps.Sum(static map => map.Pairs),
                SpilledBytes = progress.SpilledBytes,
                Groups = reduces.Sum(static reduce => reduce.Groups),
                OutputRecords = reduces.Sum(static reduce => reduce.Records),
                OutputBytes = reduces.Sum(static reduce => reduce.Bytes),
                Maps = splits.Count,
                Reduces = _reducers,
                MapSeconds = mapSeconds,
                Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
                Counters = SumOf([.. maps.Select(static map => map.Counters), .. reduces.Select(static reduce => reduce.Counters)]),
            };
        }

        private ReduceResult[] Reduce(Run[] runs)
        {
            progress.SetPairs(runs.Sum(static run => run.Segments.Sum(static segment => segment.Pairs)));
            ReduceSettings settings = new() { Definition = definition, Arguments = request.Arguments, MemoryBytes = request.MemoryBytes, Durable = durable };
            ReduceResult[] reduces = new ReduceResult[_reducers];
            TaskPool.Run(_reducers, request.Slots, (task, token) =>
            {
                string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"mr-out-{task}"));
                reduces[task] = new ReduceAttempt(settings, files, progress).Run(task, runs, path, token);
                progress.EndReduce();
            }, cancellation);
            return reduces;
        }

        private static SortedDictionary<string, long> SumOf(IReadOnlyDictionary<string, long>[] counters)
        {
            SortedDictionary<string, long> sum = new(StringComparer.Ordinal);
            foreach ((string counter, long value) in counters.SelectMany(static c => c)) sum[counter] = sum.GetValueOrDefault(counter) + value;
            return sum;
        }
    }
}
