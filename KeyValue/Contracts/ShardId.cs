namespace Quorleans.KeyValue;

/// <summary>A slice of the key space: 0 up to the shard function's count, exclusive.</summary>
/// <param name="Value">The number.</param>
public readonly record struct ShardId(int Value) : IComparable<ShardId>
{
    /// <inheritdoc/>
    public int CompareTo(ShardId other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> comes first.</summary>
    public static bool operator <(ShardId left, ShardId right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> comes later.</summary>
    public static bool operator >(ShardId left, ShardId right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> comes first or they are equal.</summary>
    public static bool operator <=(ShardId left, ShardId right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> comes later or they are equal.</summary>
    public static bool operator >=(ShardId left, ShardId right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
