namespace Quorleans.KeyValue;

/// <summary>What of a key a transaction compares. The numbers stand in logs and messages.</summary>
public enum CompareTarget : byte
{
    /// <summary>No comparison; never encoded.</summary>
    None = 0,

    /// <summary>The key's version; 0 when it is missing.</summary>
    Version = 1,

    /// <summary>The key's value, byte by byte. A key that is missing has none: then no comparison holds, not even <see cref="CompareOperator.NotEqual"/>.</summary>
    Value = 2,
}

/// <summary>How a transaction compares. The numbers stand in logs and messages.</summary>
public enum CompareOperator : byte
{
    /// <summary>No comparison; never encoded.</summary>
    None = 0,

    /// <summary>They are the same.</summary>
    Equal = 1,

    /// <summary>They differ.</summary>
    NotEqual = 2,

    /// <summary>The key's is smaller than the one given.</summary>
    Less = 3,

    /// <summary>The key's is larger than the one given.</summary>
    Greater = 4,
}

/// <summary>One comparison of a transaction, as the Clerk sends it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Target">What of the key.</param>
/// <param name="Operator">How.</param>
/// <param name="Version">Of a version: the number to compare with.</param>
/// <param name="Value">Of a value: the bytes to compare with.</param>
public readonly record struct TransactionCompare(
    ReadOnlyMemory<byte> Key, CompareTarget Target, CompareOperator Operator, long Version, ReadOnlyMemory<byte> Value);

/// <summary>One comparison as it is read; its bytes are slices of the transaction.</summary>
public ref struct TransactionCompareView
{
    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Key { get; internal set; }

    /// <summary>See <see cref="TransactionCompare.Target"/>.</summary>
    public CompareTarget Target { get; internal set; }

    /// <summary>See <see cref="TransactionCompare.Operator"/>.</summary>
    public CompareOperator Operator { get; internal set; }

    /// <summary>See <see cref="TransactionCompare.Version"/>.</summary>
    public long Version { get; internal set; }

    /// <summary>See <see cref="TransactionCompare.Value"/>.</summary>
    public ReadOnlySpan<byte> Value { get; internal set; }

    /// <summary>Whether it holds.</summary>
    /// <param name="version">The key's version; 0 when it is missing.</param>
    /// <param name="value">The key's value.</param>
    public readonly bool Holds(long version, ReadOnlySpan<byte> value)
    {
        if (Target == CompareTarget.Value && version == 0) return false;
        int order = Target == CompareTarget.Version ? version.CompareTo(Version) : value.SequenceCompareTo(Value);
        return Operator switch
        {
            CompareOperator.Equal => order == 0,
            CompareOperator.NotEqual => order != 0,
            CompareOperator.Less => order < 0,
            _ => order > 0,
        };
    }
}
