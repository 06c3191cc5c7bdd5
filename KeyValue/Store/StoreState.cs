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
    /// <param name="shardCount">How many shards there are.</param>
    /// <param name="ownsAll">Whether the group owns them all, at epoch 1; otherwise none.</param>
    public StoreState(int shardCount, bool ownsAll)
    {
        Shards = new Shard[shardCount];
        Slots = new ShardSlot[shardCount];
        Phases = new ShardPhase[shardCount];
        for (int i = 0; i < shardCount; i++)
        {
            Shards[i] = new Shard(new ShardId(i));
            Slots[i] = new ShardSlot { Epoch = ownsAll ? 1 : 0 };
            Phases[i] = ownsAll ? ShardPhase.Serving : ShardPhase.Absent;
        }
    }

    private StoreState(StoreState other)
    {
        Shards = new Shard[other.Shards.Length];
        Slots = new ShardSlot[Shards.Length];
        Phases = [.. other.Phases];
        for (int i = 0; i < Shards.Length; i++)
        {
            Shards[i] = other.Shards[i].Clone();
            Slots[i] = other.Slots[i].Clone();
        }

        SweepShard = other.SweepShard;
        SweepAfter = other.SweepAfter;
        NextSweepMs = other.NextSweepMs;
        TimeMs = other.TimeMs;
    }

    /// <summary>The shards by number.</summary>
    public Shard[] Shards { get; }

    /// <summary>What each shard is here. Bytes side by side, since every operation looks at one.</summary>
    public ShardPhase[] Phases { get; }

    /// <summary>What was decided about each shard's moves.</summary>
    public ShardSlot[] Slots { get; }

    /// <summary>Whether clients are answered from a shard.</summary>
    public bool Serves(int shard) => Phases[shard] is ShardPhase.Serving or ShardPhase.Exporting;

    /// <summary>What the shards' moves add to the digest: nothing as long as there were none and the group owns all.</summary>
    public UInt128 HandoffDigest()
    {
        HandoffTable? table = null;
        UInt128 sum = 0;
        for (int i = 0; i < Shards.Length; i++)
        {
            if (HandoffTable.IsInitial(this, i)) continue;
            sum += StrongHash.OfItem((table ??= new HandoffTable()).Encode(this, i), [], i);
            if (Slots[i].Import is { } import) sum += import.Shard.Seal;
        }

        return sum;
    }

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
        // A shard on the move is left alone: its digest must be the same at both groups, which sweep at different entries.
        while (Phases[SweepShard] != ShardPhase.Serving || Shards[SweepShard].Sweep(ref SweepAfter, TimeMs - retentionMs, ref budget))
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
