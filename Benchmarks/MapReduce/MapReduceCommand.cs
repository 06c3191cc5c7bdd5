using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Quorleans.Benchmarks.MapReduce.Peers;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;
using Spectre.Console;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary><c>mapreduce</c>: the engine beside other programs that do the same with the same files.</summary>
internal sealed class MapReduceCommand : Command
{
    private const int Reducers = 10;
    private const double MostResident = 1500;
    private readonly Option<int> _megabytes = new("--megabytes") { Description = "The size of each input.", HelpName = "MB", DefaultValueFactory = _ => 500 };
    private readonly Option<int> _memory = new("--memory") { Description = "The memory of a task's pairs.", HelpName = "MB", DefaultValueFactory = _ => 128 };
    private readonly Option<int> _slots = new("--slots") { Description = "How many tasks run at a time.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<int> _rounds = new("--rounds") { Description = "How often each is measured; the best counts, for us and for peers.", HelpName = "N", DefaultValueFactory = _ => 3 };
    private readonly Option<string[]> _only = new("--only") { Description = "Only these: wordcount, sort.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _withoutPeers = new("--without-peers") { Description = "Measure no other programs." };
    private readonly Option<string> _folder = new("--folder") { Description = "Where inputs and outputs lie meanwhile.", HelpName = "DIR", DefaultValueFactory = _ => Path.GetTempPath() };

    public MapReduceCommand()
        : base("mapreduce", "Measure word count and sort in this process, beside those of GNU parallel, DuckDB, MR-MPI and sort(1) that are there. Needs five times the inputs' size on the disk; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_megabytes, _memory, _slots, _rounds, _only, _withoutPeers, _folder]) Add(option);
        _only.AcceptOnlyFromAmong("wordcount", "sort");
        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        string[] only = parsed.GetValue(_only) is { Length: > 0 } chosen ? chosen : ["wordcount", "sort"];
        string scratch = Path.Combine(parsed.GetRequiredValue(_folder), $"quorleans-mapreduce-{Environment.ProcessId}");
        Directory.CreateDirectory(scratch);
        try
        {
            Session session = new(scratch, parsed.GetRequiredValue(_megabytes) * 1_000_000L, parsed.GetRequiredValue(_rounds), parsed.GetRequiredValue(_memory), parsed.GetRequiredValue(_slots), parsed.GetRequiredValue(_withoutPeers));
            IReadOnlyList<IJobHost> hosts = [new LocalJobs()];
            if (only.Contains("wordcount")) session.WordCount(hosts);
            if (only.Contains("sort")) session.Sort(hosts);
            return Show(session.Marks);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static int Show(List<Mark> marks)
    {
        Table table = new Table().AddColumns("What", "Measured", "Mark", "");
        foreach (Mark mark in marks) table.AddRow(Markup.Escape(mark.What), Markup.Escape(mark.Measured), Markup.Escape(mark.Wanted), mark.Met switch { true => "[green]met[/]", false => "[red]missed[/]", null => "" });
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors; not synced to the disk, like the peers. A peer counts only when its result is ours."));
        return marks.Exists(static mark => mark.Met == false) ? 1 : 0;
    }

    private sealed class Session(string scratch, long bytes, int rounds, int memory, int slots, bool withoutPeers)
    {
        private double _peak;

        public List<Mark> Marks { get; } = [];

        public void WordCount(IReadOnlyList<IJobHost> hosts)
        {
            string text = Path.Combine(scratch, "text");
            string output = Path.Combine(scratch, "wc");
            Corpora.WriteText(text, bytes);
            double[] ours = [.. hosts.Select(host => Best("word count", host, new WordCount(), [], text, output))];
            for (int i = 0; i < ours.Length; i++) Marks.Add(Mark.AtLeast($"word count, {hosts[i].Name}, best of {rounds}", bytes / 1e6 / ours[i], 200, "MB/s"));
            double theirs = BestOf(KnownPeers.WordCount, text, output, Results.SameLines);
            for (int i = 0; i < ours.Length && theirs > 0; i++) Marks.Add(Mark.AtLeast($"word count, {hosts[i].Name}, against the best of these", theirs / ours[i], 5, "×"));
            File.Delete(text);
        }

        public void Sort(IReadOnlyList<IJobHost> hosts)
        {
            string records = Path.Combine(scratch, "records");
            string output = Path.Combine(scratch, "sort");
            Corpora.WriteRecords(records, bytes);
            double[] ours = [.. hosts.Select(host => Best("sort", host, new Sort(), [new("record", "100"), new("key", "0:10")], records, output))];
            for (int i = 0; i < ours.Length; i++) Marks.Add(Mark.Beside($"sort, {hosts[i].Name}, best of {rounds}", Mark.Text(bytes / 1e6 / ours[i], "MB/s")));
            Marks.Add(Mark.AtMost($"sort, {memory} MB a task, {slots} at a time: peak of resident memory", _peak, MostResident, "MB"));
            double theirs = BestOf(KnownPeers.Sort, records, output, Results.SameBytes);
            for (int i = 0; i < ours.Length && theirs > 0; i++) Marks.Add(Mark.AtLeast($"sort, {hosts[i].Name}, against it", theirs / ours[i], 1.5, "×"));
            File.Delete(records);
        }

        private double Best(string what, IJobHost host, IMapReduceApplication application, KeyValuePair<string, string>[] given, string input, string output)
        {
            JobArguments arguments = new(given);
            double best = double.MaxValue;
            _peak = 0;
            for (int round = 0; round < rounds; round++)
            {
                ResidentMemory.Reset();
                long allocated = GC.GetTotalAllocatedBytes();
                long start = Stopwatch.GetTimestamp();
                JobReport report = host.Run(new JobRequest
                {
                    Jobs = application.Define(arguments),
                    Arguments = arguments,
                    Inputs = [input],
                    Output = output,
                    Overwrite = true,
                    Reducers = Reducers,
                    MemoryBytes = (long)memory << 20,
                    Slots = slots,
                    Durable = false,
                });
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                best = Math.Min(best, seconds);
                double peak = ResidentMemory.PeakMegabytes();
                _peak = Math.Max(_peak, peak);
                Marks.Add(Mark.Beside(
                    $"  {what}, {host.Name}, {(round == 0 ? "cold" : "warm")}: map {report.MapSeconds:F2} s, reduce {report.Seconds - report.MapSeconds:F2} s, intermediate {report.SpilledBytes / 1e6:F0} MB, allocated {(GC.GetTotalAllocatedBytes() - allocated) / 1e6:F0} MB, peak {peak:F0} MB",
                    Mark.Text(report.InputBytes / 1e6 / seconds, "MB/s")));
            }

            return best;
        }

        // The best of those that are here, in seconds; 0: none is.
        private double BestOf(IReadOnlyList<Peer> peers, string input, string output, Func<string[], string, bool> isSame)
        {
            double best = double.MaxValue;
            foreach (Peer peer in withoutPeers ? [] : peers)
            {
                if (!peer.IsHere(scratch))
                {
                    Marks.Add(Mark.Beside(peer.Name, "not here"));
                    continue;
                }

                string result = Path.Combine(scratch, "peer");
                double theirs = Enumerable.Range(0, rounds).Min(_ => peer.Run(input, result, scratch));
                bool same = isSame(Results.FilesOf(output), result);
                foreach (string path in Directory.EnumerateFiles(scratch, "peer*")) File.Delete(path);
                Marks.Add(same ? Mark.Beside(peer.Name, Mark.Text(bytes / 1e6 / theirs, "MB/s")) : Mark.Is($"{peer.Name}: the same result", "no", false));
                if (same) best = Math.Min(best, theirs);
            }

            Directory.Delete(output, recursive: true);
            return best < double.MaxValue ? best : 0;
        }
    }
}
