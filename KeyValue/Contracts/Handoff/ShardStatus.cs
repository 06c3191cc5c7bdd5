namespace Quorleans.KeyValue;

/// <summary>What one replica knows of one shard and its hand-off: what the driver decides by, and what <c>shards</c> shows.</summary>
public sealed record ShardStatus
{
    /// <summary>Which shard.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>What the shard is here.</summary>
    public required ShardPhase Phase { get; init; }

    /// <summary>The epoch at which this group owns it, or owned it last; 0: never.</summary>
    public long Epoch { get; init; }

    /// <summary>The last move of the shard that this group has seen: begun, done, aborted or cancelled here.</summary>
    public ShardMove Move { get; init; }

    /// <summary>Whether <see cref="Move"/> was aborted here as its source.</summary>
    public bool Aborted { get; init; }

    /// <summary>The attempt at copying, as source or destination; 0: none yet.</summary>
    public int Attempt { get; init; }

    /// <summary>See <see cref="HandoffCommand.Start"/>.</summary>
    public long Start { get; init; }

    /// <summary>Destination: how far the import is.</summary>
    public ImportStage Stage { get; init; }

    /// <summary>Destination: see <see cref="PullRequest.Next"/>.</summary>
    public long Next { get; init; }

    /// <summary>Destination: see <see cref="PullRequest.Position"/>.</summary>
    public ReadOnlyMemory<byte> Position { get; init; }

    /// <summary>Destination: how often the copy that came was not what the source had.</summary>
    public int Failures { get; init; }

    /// <summary>Source: the index of the freeze in this group's log; 0: not frozen.</summary>
    public long FreezeIndex { get; init; }

    /// <summary>Where the shard is, when it is not here.</summary>
    public GroupRef Owner { get; init; }

    /// <summary>Its epoch there.</summary>
    public long OwnerEpoch { get; init; }

    /// <summary>Keys, staged ones too.</summary>
    public long Keys { get; init; }

    /// <summary>Bytes of keys and values, staged ones too.</summary>
    public long Bytes { get; init; }

    /// <summary>The digest of all that the shard holds.</summary>
    public UInt128 Seal { get; init; }

    /// <summary>Source, this replica only: whether it can serve chunks and operations of the attempt.</summary>
    public bool HasView { get; init; }

    /// <summary>Source, this replica only: how often the destination asked for something of this attempt since the copy was complete there.</summary>
    public long Asked { get; init; }

    /// <summary>Source, this replica only: operations that the destination, when it asked last, did not have.</summary>
    public long LagOperations { get; init; }

    /// <summary>Source, this replica only: their bytes.</summary>
    public long LagBytes { get; init; }

    /// <summary>Source, this replica only: whether the destination said that the attempt failed.</summary>
    public bool PeerFailed { get; init; }
}
