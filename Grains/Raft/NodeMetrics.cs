using System.Diagnostics.Metrics;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Grains.Raft;

/// <summary>
/// A node's measurements, in the meter <c>Quorleans</c>, tagged with the node's name. They are read when a collector asks, and cost nothing otherwise.
/// What to look at first when it is slow: <c>quorleans.wal.sync</c>, since every write waits for one.
/// </summary>
internal sealed class NodeMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    internal const string MeterName = "Quorleans";

    private readonly Meter _meter = new(MeterName);
    private long _leaderChanges;

    internal NodeMetrics(string node, RaftNode raft)
    {
        KeyValuePair<string, object?> name = new("node", node);
        LogStatistics log = raft.Statistics;
        _meter.CreateObservableCounter("quorleans.wal.batches", () => new Measurement<long>(log.Batches, name), description: "Batches written to the log.");
        _meter.CreateObservableCounter("quorleans.wal.bytes", () => new Measurement<long>(log.Bytes, name), "By", "Bytes written to the log, with padding.");
        _meter.CreateObservableCounter("quorleans.wal.syncs", () => new Measurement<long>(log.Syncs, name), description: "Syncs of the log.");
        _meter.CreateObservableGauge("quorleans.wal.sync", () => Quantiles(log.SyncLatency, node), "us", "How long a sync takes, by quantile, since the start.");
        _meter.CreateObservableGauge("quorleans.wal.write", () => Quantiles(log.WriteLatency, node), "us", "How long a batch takes to be written, before its sync, by quantile, since the start.");
        _meter.CreateObservableGauge("quorleans.wal.in_flight", () => new Measurement<double>(log.InFlightFor.TotalMilliseconds, name), "ms", "How long the batch on its way has been so; far above the sync time, the disk hangs.");
        _meter.CreateObservableCounter("quorleans.raft.requests", () => new Measurement<long>(raft.Traffic.Requests, name), description: "Requests to members on other nodes.");
        _meter.CreateObservableCounter("quorleans.raft.messages", () => new Measurement<long>(raft.Traffic.Messages, name), description: "Messages that carried them.");
        _meter.CreateObservableGauge("quorleans.raft.submissions", () => new Measurement<int>(raft.Load.Submissions, name), description: "Clients' batches that wait for the node or for their outcome.");
        _meter.CreateObservableGauge("quorleans.raft.submission_bytes", () => new Measurement<long>(raft.Load.SubmissionBytes, name), "By", "Their bytes.");
        _meter.CreateObservableCounter("quorleans.raft.busy", () => new Measurement<long>(raft.Load.Refused, name), description: "Clients' batches that were refused as busy.");
        _meter.CreateObservableCounter(
            "quorleans.raft.leader_changes", () => new Measurement<long>(Volatile.Read(ref _leaderChanges), name), description: "Changes of role, term or leader seen here.");
        raft.RoleChanged = _ => Interlocked.Increment(ref _leaderChanges);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static Measurement<double>[] Quantiles(LatencyHistogram histogram, string node) =>
    [
        Quantile(histogram, node, 0.5), Quantile(histogram, node, 0.99), Quantile(histogram, node, 1),
    ];

    private static Measurement<double> Quantile(LatencyHistogram histogram, string node, double quantile) =>
        new(histogram.Quantile(quantile), new KeyValuePair<string, object?>("node", node), new KeyValuePair<string, object?>("quantile", quantile));
}
