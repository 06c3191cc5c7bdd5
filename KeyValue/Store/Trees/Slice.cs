namespace Quorleans.KeyValue.Store;

/// <summary>A byte string that is never written to: an array of its own, or a piece of a page that lies in the same leaf's other keys and values (<see cref="ItemPages"/>).</summary>
/// <param name="array">Where it is.</param>
/// <param name="offset">Where it begins there.</param>
/// <param name="length">Its length.</param>
internal readonly struct Slice(byte[] array, int offset, int length)
{
    /// <summary>Where it is.</summary>
    public byte[] Array => array;

    /// <summary>Its length.</summary>
    public int Length => length;

    /// <summary>Whether the array is not its own.</summary>
    public bool IsPiece => length < array.Length;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => new(array, offset, length);

    /// <summary>The whole of an array.</summary>
    public static Slice Of(byte[] array) => new(array, 0, array.Length);

    /// <summary>The same bytes without the page, for who keeps them longer than the leaf does.</summary>
    public Slice Alone() => IsPiece ? Of(Span.ToArray()) : this;
}
