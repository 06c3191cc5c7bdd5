namespace Quorleans.KeyValue.Store;

/// <summary>
/// What a group's log has decided about one shard, beside the phase. The last move seen is a fence: what belongs to an earlier one is late and
/// changes nothing (<c>HandoffStepTests.EveryStep_RepeatedOrLate_ChangesNothing</c>).
/// </summary>
internal sealed class ShardSlot
{
    /// <summary>The epoch at which this group owns the shard, or owned it last; 0: never.</summary>
    public long Epoch;

    /// <summary>The last move of the shard that was begun, done, aborted or cancelled here.</summary>
    public ShardMove Move;

    /// <summary>Whether that move was aborted here, as its source.</summary>
    public bool Aborted;

    /// <summary>The attempt at copying.</summary>
    public int Attempt;

    /// <summary>The source's log index at which the attempt's copy was taken.</summary>
    public long Start;

    /// <summary>The log index of the freeze; 0: not frozen.</summary>
    public long FreezeIndex;

    /// <summary>The log time of the freeze.</summary>
    public long FreezeTimeMs;

    /// <summary>Where the shard is when it is not here, as far as known.</summary>
    public GroupRef Owner;

    /// <summary>Its epoch there.</summary>
    public long OwnerEpoch;

    /// <summary>Imports of the move that failed.</summary>
    public int Failures;

    /// <summary>What came so far; null unless the shard is being imported and what came was right.</summary>
    public ShardImport? Import;

    /// <summary>The slot as it stands, for reading; constant time.</summary>
    public ShardSlot Clone()
    {
        var clone = (ShardSlot)MemberwiseClone();
        clone.Import = Import?.Clone();
        return clone;
    }
}
