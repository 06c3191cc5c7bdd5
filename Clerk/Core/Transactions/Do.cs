using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>Operations for a <see cref="Txn"/>.</summary>
public static class Do
{
    /// <summary>Sets a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public static TransactionStep Put(string key, string value) => Put(ClerkText.Encode(key, nameof(key)), ClerkText.Encode(value, nameof(value)));

    /// <summary>Adds to a key's value, or to the empty value when there is none. A sum over the value limit makes the whole transaction fail.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">What to add.</param>
    public static TransactionStep Append(string key, string value) =>
        Append(ClerkText.Encode(key, nameof(key)), ClerkText.Encode(value, nameof(value)));

    /// <summary>Removes a key.</summary>
    /// <param name="key">The key.</param>
    public static TransactionStep Delete(string key) => Delete(ClerkText.Encode(key, nameof(key)));

    /// <summary>Reads a key, as the operations before it left it.</summary>
    /// <param name="key">The key.</param>
    public static TransactionStep Get(string key) => Get(ClerkText.Encode(key, nameof(key)));

    /// <inheritdoc cref="Put(string, string)"/>
    public static TransactionStep Put(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => new(OperationKind.Put, key, value);

    /// <inheritdoc cref="Append(string, string)"/>
    public static TransactionStep Append(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => new(OperationKind.Append, key, value);

    /// <inheritdoc cref="Delete(string)"/>
    public static TransactionStep Delete(ReadOnlyMemory<byte> key) => new(OperationKind.Delete, key, default);

    /// <inheritdoc cref="Get(string)"/>
    public static TransactionStep Get(ReadOnlyMemory<byte> key) => new(OperationKind.Get, key, default);
}
