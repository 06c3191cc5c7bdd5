namespace Quorleans.KeyValue.Store;

/// <summary>A key's value as it is stored.</summary>
internal struct Item
{
    /// <summary>Holds the value. One of its own begins in front, and what lies behind it is room to append to; or it is a page (<see cref="ItemPages"/>).</summary>
    public byte[] Buffer;

    /// <summary>Where the value begins: above 0 in a page, where its key or another one comes first.</summary>
    public int Offset;

    /// <summary>The value's length.</summary>
    public int Length;

    /// <summary>The shard's revision at the last write.</summary>
    public long Version;

    /// <summary>Whether the buffer is a page, which is never written to.</summary>
    public readonly bool IsPaged => Offset > 0;

    /// <summary>The value.</summary>
    public readonly ReadOnlySpan<byte> Value => new(Buffer, Offset, Length);
}
