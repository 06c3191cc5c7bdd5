using System.CommandLine;
using System.Globalization;
using Quorleans.Linearizability;

namespace Quorleans.Client.Commands;

/// <summary><c>check-history</c>: whether what a workload recorded is linearizable.</summary>
internal sealed class CheckHistoryCommand : ClientCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "A history that workload recorded." };
    private readonly Option<long> _budget = new("--budget")
    {
        Description = "How many configurations the check of a key may remember, about 70 bytes each.",
        HelpName = "N",
        DefaultValueFactory = _ => HistoryChecker.DefaultBudget,
    };

    public CheckHistoryCommand(ClientContext context)
        : base(context, "check-history",
            "Check that a recorded history is linearizable.",
            "Prints the first result that no order of the operations explains, and what went on around it. Exit status 0: linearizable; "
            + "1: not, or the budget ran out before that was decided, or the file is no history. No cluster is needed.",
            "check-history history.jsonl", "check-history history.jsonl --budget 20000000 --json")
    {
        Add(_file);
        Add(_budget);
        _budget.InRange(1, 1_000_000_000);
    }

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetRequiredValue(_file);
        long budget = parsed.GetRequiredValue(_budget);
        long start = Context.Time.GetTimestamp();
        IReadOnlyList<Operation> history = Read(path);
        IReadOnlyList<KeyHistory> keys = HistoryChecker.Split(history);
        KeyResult[] results = new KeyResult[keys.Count];
        Parallel.For(0, keys.Count, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
            i => results[i] = HistoryChecker.Check(keys[i], budget));
        Write(history, results, Context.Time.GetElapsedTime(start), Json(parsed));
        KeyResult[] failed = [.. results.Where(result => result.Verdict == Verdict.NotLinearizable)];
        if (failed.Length > 0) throw new ClientException($"{path} is not linearizable: {Count(failed.Length, "key")} of {results.Length}");
        int gaveUp = results.Count(result => result.Verdict == Verdict.GaveUp);
        if (gaveUp > 0)
            throw new ClientException($"{path} could not be decided for {Count(gaveUp, "key")} within the budget of {budget} configurations; a larger --budget may do");
        return Task.FromResult(ExitCode.Ok);
    }

    private static IReadOnlyList<Operation> Read(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            return HistoryReader.Read(file);
        }
        catch (HistoryFormatException e)
        {
            throw new ClientException($"{path} is not a history: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ClientException($"the history {path} cannot be read: {e.Message}", e);
        }
    }

    private void Write(IReadOnlyList<Operation> history, KeyResult[] results, TimeSpan elapsed, bool json)
    {
        int unknown = history.Count(operation => operation.Ok is null);
        KeyResult? failed = results.FirstOrDefault(result => result.Verdict == Verdict.NotLinearizable);
        KeyResult? undecided = results.FirstOrDefault(result => result.Verdict == Verdict.GaveUp);
        if (json)
        {
            Output.WriteJson(line =>
            {
                line.WriteString("verdict", failed is not null ? "not-linearizable" : undecided is not null ? "gave-up" : "linearizable");
                line.WriteNumber("operations", history.Count);
                line.WriteNumber("keys", results.Length);
                line.WriteNumber("unknown", unknown);
                line.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
                line.WriteString("key", (failed ?? undecided)?.Key);
                line.WriteString("explanation", failed?.Explanation);
            });
            return;
        }

        if (failed is not null) Output.Out.Write(failed.Explanation);
        else if (undecided is null)
            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"linearizable: {history.Count} operations on {Count(results.Length, "key")}, {unknown} of them with unknown outcome, checked in {elapsed.TotalSeconds:F2} s"));
    }

    private static string Count(int number, string thing) => number == 1 ? $"1 {thing}" : $"{number} {thing}s";
}
