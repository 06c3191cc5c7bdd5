namespace Quorleans.KeyValue;

/// <summary>
/// A set of shards as a bit string: shard s is bit <c>s % 8</c> (the lowest first) of byte <c>s / 8</c>. Bytes that are missing at the end are 0.
/// </summary>
public static class ShardBits
{
    /// <summary>Bytes of a set, at most.</summary>
    public const int MaxBytes = ShardFunction.MaxShards / 8;

    /// <summary>The bytes that a set of a cluster's shards needs.</summary>
    /// <param name="shardCount">How many shards the cluster has.</param>
    public static int Size(int shardCount) => (shardCount + 7) / 8;

    /// <summary>Whether a shard is in a set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="shard">The shard.</param>
    public static bool Contains(ReadOnlySpan<byte> set, ShardId shard)
    {
        int index = shard.Value >> 3;
        return index < set.Length && (set[index] & (1 << (shard.Value & 7))) != 0;
    }

    /// <summary>Adds a shard.</summary>
    /// <param name="set">The set, long enough.</param>
    /// <param name="shard">The shard.</param>
    public static void Add(Span<byte> set, ShardId shard) => set[shard.Value >> 3] |= (byte)(1 << (shard.Value & 7));
}
