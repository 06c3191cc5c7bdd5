namespace Quorleans.Clerk;

/// <summary>What a read found.</summary>
/// <param name="Found">Whether the key has a value.</param>
/// <param name="Value">The value; empty when not found.</param>
/// <param name="Version">The value's version; 0 when not found.</param>
public readonly record struct GetResult(bool Found, ReadOnlyMemory<byte> Value, long Version);

/// <summary>What a compare-and-set did.</summary>
/// <param name="Succeeded">Whether the version matched and the value was set.</param>
/// <param name="Version">The version that the key has now; 0 when it is missing.</param>
public readonly record struct CompareAndSetResult(bool Succeeded, long Version);

/// <summary>One key of a scan.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Version">Its version.</param>
public readonly record struct ScanItem(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, long Version);

/// <summary>Which keys to scan.</summary>
public sealed record ScanRequest
{
    /// <summary>Only keys that begin with this; empty for all.</summary>
    public ReadOnlyMemory<byte> Prefix { get; init; }

    /// <summary>The first key, inclusive; empty for the beginning.</summary>
    public ReadOnlyMemory<byte> From { get; init; }

    /// <summary>The end, exclusive; empty for no end.</summary>
    public ReadOnlyMemory<byte> To { get; init; }

    /// <summary>How many keys a page may hold, 1 to 10,000; a page may hold fewer, since its bytes are limited too.</summary>
    public int Limit { get; init; } = 1000;

    /// <summary>The token of the page before; null for the first page.</summary>
    public string? Continuation { get; init; }
}

/// <summary>One page of a scan.</summary>
/// <param name="Items">The keys, in byte order.</param>
/// <param name="Continuation">Where to go on, or null when this was the last page.</param>
public sealed record ScanPage(IReadOnlyList<ScanItem> Items, string? Continuation);
