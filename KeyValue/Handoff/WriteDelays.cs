using System.Collections.Concurrent;

namespace Quorleans.KeyValue.Handoff;

/// <summary>Which writes a node holds up for a moment, since the copies of their shards cannot keep up with them. Any thread may call.</summary>
/// <param name="shards">The cluster's shard function.</param>
public sealed class WriteDelays(ShardFunction shards)
{
    private readonly ConcurrentDictionary<(string Group, ShardId Shard), int> _delays = new();

    /// <summary>Sets the delay of each write to a shard.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="delayMs">By how much; 0: not at all.</param>
    public void Set(string group, ShardId shard, int delayMs)
    {
        if (delayMs == 0) _delays.TryRemove((group, shard), out _);
        else _delays[(group, shard)] = delayMs;
    }

    /// <summary>By how many milliseconds a batch of writes is to be delayed.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="payload">The batch.</param>
    public int Of(string group, ReadOnlyMemory<byte> payload)
    {
        if (_delays.IsEmpty) return 0;
        int delay = 0;
        var batch = new WriteBatchReader(payload.Span);
        while (batch.TryRead(out WriteOperationView operation))
            if (_delays.TryGetValue((group, shards.Of(operation.Key)), out int ms)) delay = Math.Max(delay, ms);
        return delay;
    }
}
