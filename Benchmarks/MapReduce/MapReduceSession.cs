using System.Diagnostics;
using System.Globalization;
using Quorleans.Benchmarks.MapReduce.Peers;
using Quorleans.Clerk;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>A run of the measurements, and what it found.</summary>
/// <param name="scratch">Where inputs and outputs lie.</param>
/// <param name="hosts">Where jobs run; the first is what the others are compared with.</param>
internal sealed class MapReduceSession(string scratch, IReadOnlyList<IJobHost> hosts)
{
    private const int Reducers = 10;
    private const double MostResident = 1500, LeastOfLocal = 0.85;
    private const int LabFiles = 8, LabBytes = 3_300_000, LabRounds = 5;
    private const int EmptyTasks = 1000, EmptyBytes = 1 << 10;
    private const int BigMegabytes = 256;
    private const long BigBytes = 5_000_000_000;

    /// <summary>The cluster removes its files behind the job's end; the next measurement is not to bear that.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public required long Bytes { get; init; }

    public required int Rounds { get; init; }

    /// <summary>A task's memory.</summary>
    public required int Megabytes { get; init; }

    public required int Slots { get; init; }

    public required bool WithoutPeers { get; init; }

    public List<Mark> Marks { get; } = [];

    /// <summary>Word count of one large text.</summary>
    public async Task WordCountAsync(CancellationToken cancellationToken)
    {
        string text = Path.Combine(scratch, "text");
        Corpora.WriteText(text, Bytes);
        JobSpec spec = Spec("wordcount", text);
        Measured[] ours = await MeasureAsync("word count", spec, Rounds, cancellationToken);
        for (int i = 0; i < ours.Length; i++) Marks.Add(Mark.AtLeast($"word count, {hosts[i].Name}, best of {Rounds}", Bytes / 1e6 / ours[i].Best, 200, "MB/s"));
        Compare("word count", ours);
        double theirs = BestOf(KnownPeers.WordCount, text, spec.Output, Results.SameLines);
        for (int i = 0; i < ours.Length && theirs > 0; i++) Marks.Add(Mark.AtLeast($"word count, {hosts[i].Name}, against the best of these", theirs / ours[i].Best, 5, "×"));
        File.Delete(text);
    }

    /// <summary>Sort of one large file of records.</summary>
    public async Task SortAsync(CancellationToken cancellationToken)
    {
        string records = Path.Combine(scratch, "records");
        Corpora.WriteRecords(records, Bytes);
        JobSpec spec = SortOf(records, Megabytes);
        Measured[] ours = await MeasureAsync("sort", spec, Rounds, cancellationToken);
        for (int i = 0; i < ours.Length; i++)
        {
            Marks.Add(Mark.Beside($"sort, {hosts[i].Name}, best of {Rounds}", Mark.Text(Bytes / 1e6 / ours[i].Best, "MB/s")));
            Marks.Add(Mark.AtMost($"sort, {hosts[i].Name}, {Megabytes} MB a task, {Slots} at a time: peak of resident memory", ours[i].Peak, MostResident, "MB"));
        }

        Compare("sort", ours);
        double theirs = BestOf(KnownPeers.Sort, records, spec.Output, Results.SameBytes);
        for (int i = 0; i < ours.Length && theirs > 0; i++) Marks.Add(Mark.AtLeast($"sort, {hosts[i].Name}, against it", theirs / ours[i].Best, 1.5, "×"));
        File.Delete(records);
    }

    /// <summary>A small job, where what is around its tasks counts.</summary>
    public async Task LabAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateDirectory(Path.Combine(scratch, "lab")).FullName;
        for (int file = 0; file < LabFiles; file++) Corpora.WriteText(Path.Combine(folder, $"text-{file}"), LabBytes / LabFiles);
        foreach (IJobHost host in hosts)
        {
            // The first only warms up.
            List<double> seconds = [];
            for (int round = 0; round <= LabRounds; round++) seconds.Add((await RunAsync(host, Spec("wordcount", folder), cancellationToken)).Seconds);
            seconds.RemoveAt(0);
            seconds.Sort();
            string what = string.Create(CultureInfo.InvariantCulture, $"word count, {LabBytes / 1e6:F1} MB in {LabFiles} files, {host.Name}, warm, median of {LabRounds} ({seconds[0]:F3} to {seconds[^1]:F3} s)");
            Marks.Add(Mark.AtMost(what, seconds[LabRounds / 2], 1, "s"));
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Many map tasks that find nothing.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateDirectory(Path.Combine(scratch, "empty")).FullName;
        byte[] blankLines = new byte[EmptyBytes];
        Array.Fill(blankLines, (byte)'\n');
        for (int file = 0; file < EmptyTasks; file++) File.WriteAllBytes(Path.Combine(folder, $"text-{file}"), blankLines);
        foreach (IJobHost host in hosts)
        {
            (double seconds, JobReport report) = await RunAsync(host, Spec("wordcount", folder) with { SplitBytes = EmptyBytes }, cancellationToken);
            if (report.Maps != EmptyTasks || report.Pairs != 0) throw new InvalidOperationException($"there were {report.Maps} map tasks with {report.Pairs} pairs, not {EmptyTasks} with none");
            Marks.Add(Mark.AtMost(string.Create(CultureInfo.InvariantCulture, $"{EmptyTasks} empty map tasks, {host.Name} (maps {report.MapSeconds:F2} s)"), seconds, 5, "s"));
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A sort of more data than the tasks' memory, on one host.</summary>
    public async Task BigAsync(IJobHost host, CancellationToken cancellationToken)
    {
        string records = Path.Combine(scratch, "records");
        Corpora.WriteRecords(records, BigBytes);
        ResidentMemory.Reset();
        (double seconds, JobReport report) = await RunAsync(host, SortOf(records, BigMegabytes), cancellationToken);
        double peak = ResidentMemory.PeakMegabytes();
        string what = string.Create(CultureInfo.InvariantCulture, $"sort of {BigBytes / 1e9:F0} GB, {host.Name}, {report.Maps} maps in {report.MapSeconds:F1} s, {BigMegabytes} MB a task, {Slots} at a time");
        Marks.Add(Mark.Is($"{what}: all bytes are in the output", Mark.Text(BigBytes / 1e6 / seconds, "MB/s"), report.OutputBytes == BigBytes));
        Marks.Add(Mark.AtMost($"{what}: peak of resident memory of all silos and the client", peak, MostResident, "MB"));
    }

    private JobSpec SortOf(string records, int megabytes) =>
        Spec("sort", records) with { Arguments = [new("record", "100"), new("key", "0:10")], MemoryBytes = (long)megabytes << 20 };

    private JobSpec Spec(string application, string input) => new()
    {
        Id = "",
        Application = application,
        Inputs = [input],
        Output = Path.Combine(scratch, $"{application}-output"),
        Overwrite = true,
        Reducers = Reducers,
        MemoryBytes = (long)Megabytes << 20,
        Durable = false,
    };

    // The hosts take turns: what else the machine does meanwhile is then the same for them.
    private async Task<Measured[]> MeasureAsync(string what, JobSpec spec, int rounds, CancellationToken cancellationToken)
    {
        Measured[] ours = [.. hosts.Select(static _ => new Measured(double.MaxValue, 0))];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < ours.Length; i++)
            {
                ResidentMemory.Reset();
                long allocated = GC.GetTotalAllocatedBytes();
                (double seconds, JobReport report) = await RunAsync(hosts[i], spec, cancellationToken);
                double peak = ResidentMemory.PeakMegabytes();
                ours[i] = new Measured(Math.Min(ours[i].Best, seconds), Math.Max(ours[i].Peak, peak));
                Marks.Add(Mark.Beside(
                    string.Create(CultureInfo.InvariantCulture, $"  {what}, {hosts[i].Name}, round {round + 1}: map {report.MapSeconds:F2} s, reduce {report.Seconds - report.MapSeconds:F2} s, around {seconds - report.Seconds:F2} s, intermediate {report.SpilledBytes / 1e6:F0} MB, allocated {(GC.GetTotalAllocatedBytes() - allocated) / 1e6:F0} MB, peak {peak:F0} MB"),
                    Mark.Text(report.InputBytes / 1e6 / seconds, "MB/s")));
            }
        }

        return ours;
    }

    private void Compare(string what, Measured[] ours)
    {
        for (int i = 1; i < ours.Length; i++) Marks.Add(Mark.AtLeast($"{what}, {hosts[i].Name}, against {hosts[0].Name}", ours[0].Best / ours[i].Best, LeastOfLocal, "×"));
    }

    private static async Task<(double Seconds, JobReport Report)> RunAsync(IJobHost host, JobSpec spec, CancellationToken cancellationToken)
    {
        await Task.Delay(Pause, cancellationToken);
        spec = spec with { Id = JobIds.Create(TimeProvider.System) };
        long start = Stopwatch.GetTimestamp();
        JobReport report = await host.RunAsync(spec, cancellationToken);
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, report);
    }

    // The best of those that are here, in seconds; 0: none is.
    private double BestOf(IReadOnlyList<Peer> peers, string input, string output, Func<string[], string, bool> isSame)
    {
        double best = double.MaxValue;
        foreach (Peer peer in WithoutPeers ? [] : peers)
        {
            if (!peer.IsHere(scratch))
            {
                Marks.Add(Mark.Beside(peer.Name, "not here"));
                continue;
            }

            string result = Path.Combine(scratch, "peer");
            double theirs = Enumerable.Range(0, Rounds).Min(_ => peer.Run(input, result, scratch));
            bool same = isSame(Results.FilesOf(output), result);
            foreach (string path in Directory.EnumerateFiles(scratch, "peer*")) File.Delete(path);
            Marks.Add(same ? Mark.Beside(peer.Name, Mark.Text(Bytes / 1e6 / theirs, "MB/s")) : Mark.Is($"{peer.Name}: the same result", "no", false));
            if (same) best = Math.Min(best, theirs);
        }

        Directory.Delete(output, recursive: true);
        return best < double.MaxValue ? best : 0;
    }

    private readonly record struct Measured(double Best, double Peak);
}
