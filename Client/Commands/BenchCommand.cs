using System.CommandLine;
using Quorleans.Client.Bench;
using Quorleans.Client.Workload;

namespace Quorleans.Client.Commands;

/// <summary><c>bench</c>: how fast one operation is.</summary>
internal sealed class BenchCommand : ClusterCommand
{
    private readonly Option<string> _op = new("--op") { Description = "put, get or append.", HelpName = "OP", Required = true };
    private readonly Option<int> _clients = new("--clients") { Description = "How many callers at once.", HelpName = "N", DefaultValueFactory = _ => 64 };
    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long is measured, after a warm-up of 2 s.",
        HelpName = "S",
        DefaultValueFactory = _ => 10,
    };

    private readonly Option<int> _valueBytes = new("--value-bytes") { Description = "How long a value is.", HelpName = "B", DefaultValueFactory = _ => 64 };
    private readonly Option<int> _keys = new("--keys")
    {
        Description = "How many keys: bench/0, bench/1, ...",
        HelpName = "K",
        DefaultValueFactory = _ => 10_000,
    };

    private readonly Option<string> _batch = new("--batch")
    {
        Description = "off sends each operation in a call of its own.",
        HelpName = "on|off",
        DefaultValueFactory = _ => "on",
    };

    public BenchCommand(ClientContext context)
        : base(context, "bench",
            "Measure how fast one operation is, in a closed loop.",
            "Prints one JSON line: op, clients, ops, seconds, opsPerSecond, p50Ms, p99Ms, maxMs, errors.",
            "bench --op put --clients 64 --seconds 10", "bench --op get --clients 1 --seconds 5 --batch off")
    {
        foreach (Option option in (Option[])[_op, _clients, _seconds, _valueBytes, _keys, _batch]) Add(option);
        _op.AcceptOnlyFromAmong("put", "get", "append");
        _batch.AcceptOnlyFromAmong("on", "off");
        _clients.InRange(1, 10_000);
        _seconds.InRange(0.1, 24 * 3600);
        _valueBytes.InRange(0, 1024 * 1024);
        _keys.InRange(1, 10_000_000);
    }

    /// <summary>The warm-up; tests shorten it.</summary>
    internal TimeSpan WarmUp { get; set; } = BenchOptions.DefaultWarmUp;

    /// <inheritdoc/>
    protected override ConnectOptions Configure(ConnectOptions options, ParseResult parsed) =>
        options with { Batch = parsed.GetRequiredValue(_batch) == "on" };

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        BenchOptions options = new()
        {
            Operation = parsed.GetRequiredValue(_op),
            Clients = parsed.GetRequiredValue(_clients),
            Duration = TimeSpan.FromSeconds(parsed.GetRequiredValue(_seconds)),
            ValueBytes = parsed.GetRequiredValue(_valueBytes),
            Keys = parsed.GetRequiredValue(_keys),
            WarmUp = WarmUp,
        };
        BenchResult result = await new BenchRun(cluster.Clerk, new MonotonicClock(Context.Time), options).RunAsync(cancellationToken);
        Write(options, result);
        if (result.Operations > 0) return ExitCode.Ok;
        throw new ClientException("not one operation succeeded; is the cluster well? see: status");
    }

    private void Write(BenchOptions options, BenchResult result) => Output.WriteJson(line =>
    {
        double seconds = options.Duration.TotalSeconds;
        line.WriteString("op", options.Operation);
        line.WriteNumber("clients", options.Clients);
        line.WriteNumber("ops", result.Operations);
        line.WriteNumber("seconds", seconds);
        line.WriteNumber("opsPerSecond", Math.Round(result.Operations / seconds, 1));
        line.WriteNumber("p50Ms", Milliseconds(result.Latencies.Percentile(50)));
        line.WriteNumber("p99Ms", Milliseconds(result.Latencies.Percentile(99)));
        line.WriteNumber("maxMs", Milliseconds(result.Latencies.Max));
        line.WriteNumber("errors", result.Errors);
    });

    private static double Milliseconds(long nanoseconds) => Math.Round(nanoseconds / 1e6, 3);
}
