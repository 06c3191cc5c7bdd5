using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Quorleans.Benchmarks.Handoff;

/// <summary><c>handoff</c>: what moving shards and more groups cost, beside the marks.</summary>
internal sealed class HandoffCommand : Command
{
    private readonly Option<string[]> _only = new("--only") { Description = "Only these: pause, crashes, groups (slow-groups and batched-groups, its halves).", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _quick = new("--quick") { Description = "A tenth of it, to see that it works. Its figures prove nothing." };
    private readonly Option<int?> _moves = new("--moves") { Description = "How many moves: by default 20 of the large shard, 100 under crashes.", HelpName = "N" };
    private readonly Option<double?> _seconds = new("--seconds") { Description = "How long each throughput round lasts: by default 5 where the disk sets the pace, 3 where the processors do.", HelpName = "S" };
    private readonly Option<int?> _rounds = new("--rounds") { Description = "How many throughput rounds of each; medians count. By default 5 where the disk sets the pace, 15 where the processors do.", HelpName = "N" };
    private readonly Option<int?> _clients = new("--clients") { Description = "How many callers write in the throughput rounds, 256 by default.", HelpName = "N" };

    public HandoffCommand()
        : base("handoff", "Measure moves of shards and the throughput of several groups, on three nodes in this process. About fifteen minutes; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_only, _quick, _moves, _seconds, _rounds, _clients]) Add(option);
        _only.AcceptOnlyFromAmong("pause", "crashes", "groups", "slow-groups", "batched-groups");
        _moves.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int?>() is <= 0) result.AddError("--moves must be 1 or more.");
        });
        _rounds.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 100) result.AddError("--rounds must be 1 to 100.");
        });
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] only = parsed.GetValue(_only) is { Length: > 0 } chosen ? chosen : ["pause", "crashes", "groups"];
        bool quick = parsed.GetValue(_quick);
        Report.Begin("the cluster and its clients share them");
        long started = Stopwatch.GetTimestamp();
        List<Mark> marks = [];
        void Say(string text) => AnsiConsole.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Stopwatch.GetElapsedTime(started).TotalSeconds,5:F0} s[/]  {text}");
        if (only.Contains("pause"))
        {
            MovePause pause = new() { Moves = parsed.GetValue(_moves) ?? (quick ? 2 : 20), Keys = quick ? 10_000 : 100_000, FrozenMoves = quick ? 1 : 5, Say = Say };
            marks.AddRange(await pause.RunAsync(cancellationToken));
        }

        if (only.Contains("crashes"))
        {
            MovesUnderCrashes crashes = new() { Moves = parsed.GetValue(_moves) ?? (quick ? 10 : 100), Say = Say };
            marks.AddRange(await crashes.RunAsync(cancellationToken));
        }

        bool slow = only.Contains("groups") || only.Contains("slow-groups");
        bool batched = only.Contains("groups") || only.Contains("batched-groups");
        if (slow || batched)
        {
            GroupThroughput groups = new()
            {
                IsSlow = slow, IsBatched = batched, Clients = parsed.GetValue(_clients) ?? 256, Say = Say,
                Seconds = parsed.GetValue(_seconds) ?? (quick ? 1 : null), Rounds = parsed.GetValue(_rounds) ?? (quick ? 1 : null),
            };
            marks.AddRange(await groups.RunAsync(cancellationToken));
        }

        return Report.End(marks, quick);
    }
}
