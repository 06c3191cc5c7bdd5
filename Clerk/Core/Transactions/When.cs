using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>Comparisons for a <see cref="Txn"/>. They look at the keys as they are before it.</summary>
public static class When
{
    /// <summary>The key has a value.</summary>
    /// <param name="key">The key.</param>
    public static TransactionCompare Exists(string key) => Version(key, CompareOperator.NotEqual, 0);

    /// <summary>The key has no value.</summary>
    /// <param name="key">The key.</param>
    public static TransactionCompare Missing(string key) => Version(key, CompareOperator.Equal, 0);

    /// <summary>The key has this version; 0: it is missing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">The version.</param>
    public static TransactionCompare Version(string key, long version) => Version(key, CompareOperator.Equal, version);

    /// <summary>The key's version compares so.</summary>
    /// <param name="key">The key; a missing one has version 0.</param>
    /// <param name="compare">How.</param>
    /// <param name="version">With what.</param>
    public static TransactionCompare Version(string key, CompareOperator compare, long version) =>
        Version(ClerkText.Encode(key, nameof(key)), compare, version);

    /// <summary>The key has this value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public static TransactionCompare Value(string key, string value) => Value(key, CompareOperator.Equal, value);

    /// <summary>The key's value compares so, byte by byte. Of a missing key nothing holds, not even that its value is another one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="compare">How.</param>
    /// <param name="value">With what.</param>
    public static TransactionCompare Value(string key, CompareOperator compare, string value) =>
        Value(ClerkText.Encode(key, nameof(key)), compare, ClerkText.Encode(value, nameof(value)));

    /// <inheritdoc cref="Version(string, CompareOperator, long)"/>
    public static TransactionCompare Version(ReadOnlyMemory<byte> key, CompareOperator compare, long version)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        return new TransactionCompare(key, CompareTarget.Version, compare, version, default);
    }

    /// <inheritdoc cref="Value(string, CompareOperator, string)"/>
    public static TransactionCompare Value(ReadOnlyMemory<byte> key, CompareOperator compare, ReadOnlyMemory<byte> value) =>
        new(key, CompareTarget.Value, compare, 0, value);
}
