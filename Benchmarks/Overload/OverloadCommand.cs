using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Quorleans.Benchmarks.Overload;

/// <summary><c>overload</c>: throughput, latency, refusals and memory with more clients than can be served.</summary>
internal sealed class OverloadCommand : Command
{
    private readonly Option<bool> _quick = new("--quick") { Description = "A tenth of it, to see that it works. Its figures prove nothing." };
    private readonly Option<int?> _clients = new("--clients") { Description = "The number of clients that saturate the cluster; looked for by default.", HelpName = "N" };
    private readonly Option<int> _value = new("--value") { Description = "Bytes of a value, 64 by default.", HelpName = "BYTES", DefaultValueFactory = static _ => 64 };
    private readonly Option<int> _sync = new("--added-sync") { Description = "How much longer than the disk a sync takes, 0 by default.", HelpName = "MS" };
    private readonly Option<double?> _seconds = new("--seconds") { Description = "How long each round counts, 4 by default.", HelpName = "S" };

    public OverloadCommand()
        : base("overload", "Measure three nodes in this process under as many clients as saturate them, and three and ten times as many. About three minutes; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_quick, _clients, _value, _sync, _seconds]) Add(option);
        _clients.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 2000) result.AddError("--clients must be 1 to 2000.");
        });
        _value.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 1 << 20) result.AddError("--value must be 0 to 1048576.");
        });
        _sync.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 1000) result.AddError("--added-sync must be 0 to 1000.");
        });
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 200;
        bool quick = parsed.GetValue(_quick);
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Environment.ProcessorCount} processors, load average {LoadAverage()}; the cluster and its clients share them.[/]");
        long started = Stopwatch.GetTimestamp();
        OverloadRun run = new()
        {
            Round = TimeSpan.FromSeconds(parsed.GetValue(_seconds) ?? (quick ? 0.5 : 4)), Rounds = quick ? 1 : 3, ValueBytes = parsed.GetValue(_value),
            AddedSync = TimeSpan.FromMilliseconds(parsed.GetValue(_sync)), Saturating = parsed.GetValue(_clients),
            Say = text => console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Stopwatch.GetElapsedTime(started).TotalSeconds,5:F0} s[/]  {text}"),
        };
        IReadOnlyList<Mark> marks = await run.RunAsync(cancellationToken);
        console.WriteLine();
        console.Write(MarkTable.Of(marks));
        int missed = marks.Count(static mark => mark.Met == false);
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]Load average at the end: {LoadAverage()}.[/]");
        if (quick) console.MarkupLine("[grey]A quick run: its figures prove nothing.[/]");
        console.MarkupLine(missed == 0 ? "[green]Every mark is met.[/]" : string.Create(CultureInfo.InvariantCulture, $"[red]{missed} of {marks.Count(static mark => mark.Met is not null)} marks are missed.[/]"));
        return missed == 0 ? 0 : 1;
    }

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";
}
