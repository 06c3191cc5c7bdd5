using System.Diagnostics.Metrics;
using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>What Clerks measure, in the meter <c>Quorleans</c>. Nothing is measured while nobody listens.</summary>
public static class ClerkMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Quorleans";

    /// <summary>
    /// The histogram of how long operations wait for moving shards, in milliseconds: from an operation's first answer that its shard is moving to its success, as
    /// its caller sees it. Tagged with the shard's number, <see cref="ShardTag"/>.
    /// </summary>
    public const string MovingWait = "quorleans.clerk.moving_wait";

    /// <summary>The tag that bears the shard's number, an <see cref="int"/>.</summary>
    public const string ShardTag = "shard";

    /// <summary>The counter of batches sent.</summary>
    public const string Batches = "quorleans.clerk.batches";

    /// <summary>The counter of grain calls that carried them.</summary>
    public const string Calls = "quorleans.clerk.calls";

    /// <summary>The counter of batches that a replica refused as busy.</summary>
    public const string Busy = "quorleans.clerk.busy";

    /// <summary>The counter of calls that went by another gateway than that of the node they were for, because that one is silent, broken or not open.</summary>
    public const string Detours = "quorleans.clerk.detours";

    private static readonly Meter s_meter = new(MeterName);
    private static readonly Histogram<double> s_movingWait =
        s_meter.CreateHistogram<double>(MovingWait, "ms", "From an operation's first answer that its shard is moving to its success.");
    private static readonly Counter<long> s_batches = s_meter.CreateCounter<long>(Batches, description: "Batches sent.");
    private static readonly Counter<long> s_calls = s_meter.CreateCounter<long>(Calls, description: "Grain calls that carried batches.");

    private static readonly Counter<long> s_busy = s_meter.CreateCounter<long>(Busy, description: "Batches that a replica refused as busy.");
    private static readonly Counter<long> s_detours = s_meter.CreateCounter<long>(Detours, description: "Calls by another node's gateway.");

    internal static void Refused() => s_busy.Add(1);

    internal static void Sent(int batches, bool isDetour)
    {
        s_batches.Add(batches);
        s_calls.Add(1);
        if (isDetour) s_detours.Add(1);
    }

    internal static void Waited(ShardId shard, double milliseconds)
    {
        if (s_movingWait.Enabled) s_movingWait.Record(milliseconds, new KeyValuePair<string, object?>(ShardTag, shard.Value));
    }
}
