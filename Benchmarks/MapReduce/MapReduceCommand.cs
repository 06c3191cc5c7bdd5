using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;
using Spectre.Console;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary><c>mapreduce</c>: the engine in this process, beside what the machine's own tools do with the same files.</summary>
internal sealed class MapReduceCommand : Command
{
    private const int Reducers = 10;
    private readonly Option<int> _megabytes = new("--megabytes") { Description = "The size of each input.", HelpName = "MB", DefaultValueFactory = _ => 500 };
    private readonly Option<int> _rounds = new("--rounds") { Description = "How often each is measured; the best counts, for us and for peers.", HelpName = "N", DefaultValueFactory = _ => 2 };
    private readonly Option<string[]> _only = new("--only") { Description = "Only these: wordcount, sort.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _folder = new("--folder") { Description = "Where inputs and outputs lie meanwhile.", HelpName = "DIR", DefaultValueFactory = _ => Path.GetTempPath() };

    public MapReduceCommand()
        : base("mapreduce", "Measure word count and sort in this process, beside sort(1) and mawk when they are there. Needs four times the inputs' size on the disk; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_megabytes, _rounds, _only, _folder]) Add(option);
        _only.AcceptOnlyFromAmong("wordcount", "sort");
        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        string[] only = parsed.GetValue(_only) is { Length: > 0 } chosen ? chosen : ["wordcount", "sort"];
        long bytes = parsed.GetRequiredValue(_megabytes) * 1_000_000L;
        int rounds = parsed.GetRequiredValue(_rounds);
        string folder = Path.Combine(parsed.GetRequiredValue(_folder), $"quorleans-mapreduce-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            List<Mark> marks = [];
            if (only.Contains("wordcount")) WordCount(folder, bytes, rounds, marks);
            if (only.Contains("sort")) Sort(folder, bytes, rounds, marks);
            return Show(marks);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void WordCount(string folder, long bytes, int rounds, List<Mark> marks)
    {
        string text = Path.Combine(folder, "text");
        Corpora.WriteText(text, bytes);
        double ours = Best(rounds, round => Ours(new WordCount(), [], text, Path.Combine(folder, $"wc-{round}"), marks, "word count"));
        marks.Add(Mark.AtLeast($"word count, {Reducers} reducers, best of {rounds}", bytes / 1e6 / ours, 200, "MB/s"));
        Peer("tr | mawk, unsorted", $"tr -cs A-Za-z '\\n' < '{text}' | mawk '{{n[$0]++}} END {{for (w in n) print w, n[w]}}' > '{folder}/mawk'", "mawk", bytes, ours, 5, rounds, marks);
        File.Delete(text);
    }

    private static void Sort(string folder, long bytes, int rounds, List<Mark> marks)
    {
        string records = Path.Combine(folder, "records");
        Corpora.WriteRecords(records, bytes);
        double ours = Best(rounds, round => Ours(new Sort(), [new("record", "100"), new("key", "0:10")], records, Path.Combine(folder, $"sort-{round}"), marks, "sort"));
        marks.Add(Mark.Beside($"sort, {Reducers} reducers, best of {rounds}", Mark.Text(bytes / 1e6 / ours, "MB/s")));
        Peer("sort -S2G --parallel=2", $"LC_ALL=C sort -S2G --parallel=2 -o '{folder}/sorted' '{records}'", "sort", bytes, ours, 1.5, rounds, marks);
    }

    private static double Ours(IMapReduceApplication application, KeyValuePair<string, string>[] given, string input, string output, List<Mark> marks, string what)
    {
        JobArguments arguments = new(given);
        long allocated = GC.GetTotalAllocatedBytes();
        long start = Stopwatch.GetTimestamp();
        JobReport report = new LocalRunner(new JobProgress()).Run(
            new JobRequest { Jobs = application.Define(arguments), Arguments = arguments, Inputs = [input], Output = output, Reducers = Reducers, Durable = false }, CancellationToken.None)[0];
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long resident = Process.GetCurrentProcess().WorkingSet64;
        Directory.Delete(output, recursive: true);
        marks.Add(Mark.Beside($"  {what}: map {report.MapSeconds:F2} s, reduce {report.Seconds - report.MapSeconds:F2} s, intermediate {report.SpilledBytes / 1e6:F0} MB, allocated {(GC.GetTotalAllocatedBytes() - allocated) / 1e6:F0} MB, resident {resident / 1e6:F0} MB",
            Mark.Text(report.InputBytes / 1e6 / seconds, "MB/s")));
        return seconds;
    }

    private static void Peer(string name, string command, string tool, long bytes, double ours, double wanted, int rounds, List<Mark> marks)
    {
        if (Shell($"command -v {tool}") != 0)
        {
            marks.Add(Mark.Beside(name, "not here"));
            return;
        }

        double theirs = Best(rounds, _ =>
        {
            long start = Stopwatch.GetTimestamp();
            return Shell(command) == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"{name} failed");
        });
        marks.Add(Mark.Beside(name, Mark.Text(bytes / 1e6 / theirs, "MB/s")));
        marks.Add(Mark.AtLeast($"ours against {name}", theirs / ours, wanted, "×"));
    }

    private static int Shell(string command)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static double Best(int rounds, Func<int, double> measure) => Enumerable.Range(0, rounds).Min(measure);

    private static int Show(List<Mark> marks)
    {
        Table table = new Table().AddColumns("What", "Measured", "Mark", "");
        foreach (Mark mark in marks) table.AddRow(Markup.Escape(mark.What), Markup.Escape(mark.Measured), Markup.Escape(mark.Wanted), mark.Met switch { true => "[green]met[/]", false => "[red]missed[/]", null => "" });
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors; not synced to the disk, like the peers."));
        return marks.Exists(static mark => mark.Met == false) ? 1 : 0;
    }
}
