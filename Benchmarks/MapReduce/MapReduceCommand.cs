using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary><c>mapreduce</c>: the engine alone and on a cluster, beside other programs that do the same with the same files.</summary>
internal sealed class MapReduceCommand : Command
{
    private const string WordCount = "wordcount", Sort = "sort", Lab = "lab", Empty = "empty";
    private readonly Option<int> _megabytes = new("--megabytes") { Description = "The size of the inputs of word count and sort.", HelpName = "MB", DefaultValueFactory = _ => 500 };
    private readonly Option<int> _memory = new("--memory") { Description = "The memory of a task's pairs.", HelpName = "MB", DefaultValueFactory = _ => 128 };
    private readonly Option<int> _slots = new("--slots") { Description = "How many tasks run at a time, on all silos together.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<int> _rounds = new("--rounds") { Description = "How often each is measured; the best counts, for us and for peers.", HelpName = "N", DefaultValueFactory = _ => 3 };
    private readonly Option<string[]> _only = new("--only") { Description = "Only these: wordcount, sort, lab, empty.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _withoutPeers = new("--without-peers") { Description = "Measure no other programs." };
    private readonly Option<bool> _withoutCluster = new("--without-cluster") { Description = "Measure the engine alone." };
    private readonly Option<bool> _big = new("--big") { Description = "Instead of all others: sort 5 GB on the cluster with 256 MB a task, for the memory that it takes." };
    private readonly Option<string> _folder = new("--folder") { Description = "Where inputs and outputs lie meanwhile.", HelpName = "DIR", DefaultValueFactory = _ => Path.GetTempPath() };

    public MapReduceCommand()
        : base("mapreduce", "Measure word count and sort in this process and on an embedded cluster of three silos, beside those of GNU parallel, DuckDB, MR-MPI and sort(1) that are there; and what a small job and a small task cost. Needs five times the inputs' size on the disk; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_megabytes, _memory, _slots, _rounds, _only, _withoutPeers, _withoutCluster, _big, _folder]) Add(option);
        _only.AcceptOnlyFromAmong(WordCount, Sort, Lab, Empty);
        Validators.Add(result =>
        {
            if (result.GetValue(_big) && result.GetValue(_withoutCluster)) result.AddError("--big measures the cluster: leave --without-cluster out.");
        });
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool isBig = parsed.GetValue(_big);
        string[] only = isBig ? [] : parsed.GetValue(_only) is { Length: > 0 } chosen ? chosen : [WordCount, Sort, Lab, Empty];
        string scratch = Path.Combine(parsed.GetRequiredValue(_folder), $"quorleans-mapreduce-{Environment.ProcessId}");
        int slots = parsed.GetRequiredValue(_slots);
        Directory.CreateDirectory(scratch);
        try
        {
            await using ClusterJobs? cluster = parsed.GetValue(_withoutCluster) ? null : await ClusterJobs.StartAsync(scratch, slots, cancellationToken);
            MapReduceSession session = new(scratch, cluster is null ? [new LocalJobs(slots)] : [new LocalJobs(slots), cluster])
            {
                Bytes = parsed.GetRequiredValue(_megabytes) * 1_000_000L,
                Rounds = parsed.GetRequiredValue(_rounds),
                Megabytes = parsed.GetRequiredValue(_memory),
                Slots = slots,
                WithoutPeers = parsed.GetValue(_withoutPeers),
            };
            if (only.Contains(WordCount)) await session.WordCountAsync(cancellationToken);
            if (only.Contains(Sort)) await session.SortAsync(cancellationToken);
            if (only.Contains(Lab)) await session.LabAsync(cancellationToken);
            if (only.Contains(Empty)) await session.EmptyAsync(cancellationToken);
            if (isBig) await session.BigAsync(cluster!, cancellationToken);
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
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors; outputs are not synced to the disk, like the peers' (the cluster's journal of jobs is). A peer counts only when its result is ours."));
        return marks.Exists(static mark => mark.Met == false) ? 1 : 0;
    }
}
