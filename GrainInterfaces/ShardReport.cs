namespace Quorleans.GrainInterfaces;

/// <summary>One shard in one replica, for people and for checks.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.ShardReport")]
public sealed record ShardReport
{
    /// <summary>Its number.</summary>
    [Id(0)]
    public int Shard { get; init; }

    /// <summary>What it is here: Serving, Absent, Importing, Exporting, Frozen or Released.</summary>
    [Id(1)]
    public string Phase { get; init; } = "";

    /// <summary>The epoch at which this group owns it, or owned it last; 0: never.</summary>
    [Id(2)]
    public long Epoch { get; init; }

    /// <summary>Keys, staged ones too.</summary>
    [Id(3)]
    public long Keys { get; init; }

    /// <summary>Bytes of keys and values, staged ones too.</summary>
    [Id(4)]
    public long Bytes { get; init; }

    /// <summary>The digest of all that the shard holds, in hexadecimal: equal on all replicas that applied the same entries.</summary>
    [Id(5)]
    public string Digest { get; init; } = "";
}
