using System.CommandLine;
using System.Globalization;
using Quorleans.Client.Workload;

namespace Quorleans.Client.Commands;

/// <summary><c>workload</c>: concurrent clients, and a history of what they did.</summary>
internal sealed class WorkloadCommand : ClusterCommand
{
    private readonly Option<int> _clients = new("--clients") { Description = "How many clients at once.", HelpName = "N", DefaultValueFactory = _ => 8 };
    private readonly Option<int> _keys = new("--keys")
    {
        Description = "How many keys they share: k0, k1, ... Their old values are removed first.",
        HelpName = "K",
        DefaultValueFactory = _ => 10,
    };

    private readonly Option<double> _seconds = new("--seconds") { Description = "For how long.", HelpName = "S", DefaultValueFactory = _ => 10 };
    private readonly Option<string> _history = new("--history") { Description = "The file for the history; replaced.", HelpName = "FILE", Required = true };
    private readonly Option<string> _mix = new("--mix")
    {
        Description = "How often each operation.",
        HelpName = "OP=WEIGHT,...",
        DefaultValueFactory = _ => OperationMix.Default,
    };

    private readonly Option<int> _txn = new("--txn")
    {
        Description = "How many of a hundred operations are transactions over keys with one tag; the mix is of the others. Keys are then named k{0}0, k{0}1, ..., four to a tag.",
        HelpName = "PERCENT",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<int> _valueBytes = new("--value-bytes")
    {
        Description = "How long a value is at least; its unique name may make it longer.",
        HelpName = "B",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<int?> _attemptTimeout = new("--attempt-timeout")
    {
        Description = "How long one attempt may take before the operation is sent again, 1 to 60000.",
        HelpName = "MS",
    };

    public WorkloadCommand(ClientContext context)
        : base(context, "workload",
            "Let concurrent clients work, and record a history of it.",
            "Each operation becomes one JSON line when it ends: client, op, key, value, expected, "
            + "output, ok, call, return (nanoseconds of one monotonic clock); of a txn if, then and else. Operations that surely did not happen are not recorded. "
            + "Errors do not end it.",
            "workload --clients 8 --keys 10 --seconds 10 --history history.jsonl",
            "workload --clients 8 --keys 12 --seconds 10 --history h.jsonl --txn 30",
            "workload --clients 64 --keys 4 --seconds 60 --history h.jsonl --mix get=50,append=50")
    {
        foreach (Option option in (Option[])[_clients, _keys, _seconds, _history, _mix, _txn, _valueBytes, _attemptTimeout]) Add(option);
        _clients.InRange(1, 10_000);
        _keys.InRange(1, 1_000_000);
        _txn.InRange(0, 100);
        _seconds.InRange(0.1, 7 * 24 * 3600);
        _valueBytes.InRange(0, 1024 * 1024);
        _attemptTimeout.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int ms) && ms is < 1 or > 60_000)
                result.AddError($"--attempt-timeout must be from 1 to 60000; {result.Tokens[0].Value} is not.");
        });
        _mix.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !OperationMix.TryParse(result.Tokens[0].Value, out _, out string? problem))
                result.AddError($"--mix: {problem}.");
        });
    }

    /// <inheritdoc/>
    protected override ConnectOptions Configure(ConnectOptions options, ParseResult parsed) =>
        parsed.GetValue(_attemptTimeout) is { } ms ? options with { AttemptTimeout = TimeSpan.FromMilliseconds(ms) } : options;

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        if (!OperationMix.TryParse(parsed.GetRequiredValue(_mix), out OperationMix? mix, out string? problem))
            throw ClientException.Usage(problem);
        WorkloadOptions options = new()
        {
            Clients = parsed.GetRequiredValue(_clients),
            Keys = parsed.GetRequiredValue(_keys),
            Duration = TimeSpan.FromSeconds(parsed.GetRequiredValue(_seconds)),
            Mix = mix,
            TxnPercent = parsed.GetRequiredValue(_txn),
            ValueBytes = parsed.GetRequiredValue(_valueBytes),
            Seed = Random.Shared.Next(),
        };
        string path = parsed.GetRequiredValue(_history);
        await using HistoryWriter history = HistoryWriter.Create(path);
        WorkloadRun run = new(cluster.Clerk, history, new MonotonicClock(Context.Time), options);
        WorkloadSummary summary = await run.RunAsync(cancellationToken);
        await history.FinishAsync();
        Write(summary, path, Json(parsed));
        return ExitCode.Ok;
    }

    private void Write(WorkloadSummary summary, string path, bool json)
    {
        if (!json)
        {
            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{summary.Operations} operations, {summary.Unknown} of them with unknown outcome, {summary.Refused} that surely did not happen"
                + $" (not recorded), longest gap without a success {summary.LongestGapMs:F1} ms; history: {path}"));
            return;
        }

        Output.WriteJson(line =>
        {
            line.WriteNumber("operations", summary.Operations);
            line.WriteNumber("unknown", summary.Unknown);
            line.WriteNumber("refused", summary.Refused);
            line.WriteNumber("longestGapMs", Math.Round(summary.LongestGapMs, 3));
            line.WriteString("history", path);
        });
    }
}
