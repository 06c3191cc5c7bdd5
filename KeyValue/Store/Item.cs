namespace Quorleans.KeyValue.Store;

/// <summary>A key's value as it is stored.</summary>
internal struct Item
{
    /// <summary>Holds the value in front; what lies behind it is room to append to.</summary>
    public byte[] Buffer;

    /// <summary>The value's length.</summary>
    public int Length;

    /// <summary>The shard's revision at the last write.</summary>
    public long Version;

    /// <summary>The value.</summary>
    public readonly ReadOnlySpan<byte> Value => Buffer.AsSpan(0, Length);
}
