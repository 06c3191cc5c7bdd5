namespace Quorleans.KeyValue.Store;

/// <summary>A shard on its way here: replicated, but invisible to clients.</summary>
/// <param name="shard">What came so far.</param>
internal sealed class ShardImport(Shard shard)
{
    /// <summary>What came so far.</summary>
    public Shard Shard { get; set; } = shard;

    /// <summary>The number of the chunk that must come next.</summary>
    public long NextChunk { get; set; }

    /// <summary>Where the source said that it starts.</summary>
    public byte[] Position { get; set; } = [];

    /// <summary>Whether all chunks came.</summary>
    public bool IsCopied { get; set; }

    /// <summary>Operations since the copy's start that came.</summary>
    public long Through { get; set; }

    /// <summary>The key of a value that spans chunks; null when none is begun.</summary>
    public byte[]? PartKey { get; set; }

    /// <summary>That value; only the first <see cref="PartLength"/> bytes are there yet, and those are not written again.</summary>
    public byte[] PartValue { get; set; } = [];

    /// <summary>How much of it came.</summary>
    public int PartLength { get; set; }

    /// <summary>Its version.</summary>
    public long PartVersion { get; set; }

    /// <summary>The import as it stands, for reading.</summary>
    public ShardImport Clone() => new(Shard.Clone())
    {
        NextChunk = NextChunk, Position = Position, IsCopied = IsCopied, Through = Through,
        PartKey = PartKey, PartValue = PartValue, PartLength = PartLength, PartVersion = PartVersion,
    };
}
