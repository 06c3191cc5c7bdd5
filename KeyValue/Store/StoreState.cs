namespace Quorleans.KeyValue.Store;

/// <summary>
/// All that the state machine remembers: the shards, the log time of the last entry, and how far the sweep of old sessions has come. The
/// latter decides when what is removed, so it is state as any other: replicas that start from a snapshot must go on from there.
/// </summary>
internal sealed class StoreState
{
    /// <summary>The shard that the sweep is in; -1 between two sweeps.</summary>
    public int SweepShard = -1;

    /// <summary>The client after which the sweep goes on.</summary>
    public ClientId SweepAfter;

    /// <summary>The log time from which the next sweep may begin.</summary>
    public long NextSweepMs;

    /// <summary>The log time of the last entry applied.</summary>
    public long TimeMs;

    /// <summary>Creates an empty state.</summary>
    public StoreState(int shardCount)
    {
        Shards = new Shard[shardCount];
        for (int i = 0; i < shardCount; i++) Shards[i] = new Shard(new ShardId(i));
    }

    private StoreState(StoreState other)
    {
        Shards = new Shard[other.Shards.Length];
        for (int i = 0; i < Shards.Length; i++) Shards[i] = other.Shards[i].Clone();
        SweepShard = other.SweepShard;
        SweepAfter = other.SweepAfter;
        NextSweepMs = other.NextSweepMs;
        TimeMs = other.TimeMs;
    }

    /// <summary>The shards by number.</summary>
    public Shard[] Shards { get; }

    /// <summary>The state as it stands, for reading; its time depends on the number of shards only.</summary>
    public StoreState Clone() => new(this);

    /// <summary>
    /// Looks at some sessions, and removes what can matter no more. One sweep over all shards begins every quarter of the retention; the
    /// budget, twice the entry's operations and some, exceeds the sessions that the entry can have created.
    /// </summary>
    public void Sweep(int operations, int retentionMs)
    {
        if (SweepShard < 0)
        {
            if (TimeMs < NextSweepMs) return;
            SweepShard = 0;
            SweepAfter = default;
            NextSweepMs = TimeMs + Math.Max(1000, retentionMs / 4);
        }

        int budget = 8 + 2 * operations;
        while (Shards[SweepShard].Sweep(ref SweepAfter, TimeMs - retentionMs, ref budget))
        {
            SweepAfter = default;
            if (++SweepShard == Shards.Length)
            {
                SweepShard = -1;
                return;
            }

            // A shard without sessions costs something too.
            budget--;
        }
    }
}
