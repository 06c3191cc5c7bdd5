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

    private readonly Option<int?> _rounds = new("--rounds") { Description = "How many rounds of each number of clients, 3 by default; medians count.", HelpName = "N" };
    private readonly Option<string[]> _only = new("--only") { Description = $"Some parts: {string.Join(", ", OverloadPart.All.Select(static part => part.Name))}.", HelpName = "PART", AllowMultipleArgumentsPerToken = true };

    public OverloadCommand()
        : base("overload", "Measure three nodes in this process under as many clients, in another one, as saturate them, and three and ten times as many. About five minutes; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_quick, _clients, _value, _sync, _seconds, _rounds, _only]) Add(option);
        _only.AcceptOnlyFromAmong([.. OverloadPart.All.Select(static part => part.Name)]);
        _rounds.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 100) result.AddError("--rounds must be 1 to 100.");
        });
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
        bool quick = parsed.GetValue(_quick);
        Report.Begin("the nodes in this process and the clients in another share them");
        string[] only = parsed.GetValue(_only) ?? [];
        long started = Stopwatch.GetTimestamp();
        OverloadRun run = new()
        {
            Round = TimeSpan.FromSeconds(parsed.GetValue(_seconds) ?? (quick ? 0.5 : 4)), Rounds = parsed.GetValue(_rounds) ?? (quick ? 1 : 3), ValueBytes = parsed.GetValue(_value),
            AddedSync = TimeSpan.FromMilliseconds(parsed.GetValue(_sync)), Saturating = parsed.GetValue(_clients),
            Parts = [.. OverloadPart.All.Where(part => only.Length == 0 || only.Contains(part.Name))],
            Say = text => AnsiConsole.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Stopwatch.GetElapsedTime(started).TotalSeconds,5:F0} s[/]  {text}"),
        };
        return Report.End(await run.RunAsync(cancellationToken), quick);
    }
}
