namespace Quorleans.Clerk;

/// <summary>The store with text for keys and values, as UTF-8.</summary>
public static class ClerkExtensions
{
    /// <summary>Reads a key.</summary>
    /// <param name="clerk">The Clerk.</param>
    /// <param name="key">The key, 1 to 4,096 bytes in UTF-8 by default.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value and its version, or not found (version 0).</returns>
    /// <exception cref="ClerkException">The operation failed, or the key is no valid text.</exception>
    public static Task<GetResult> GetAsync(this IClerk clerk, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clerk);
        return clerk.GetAsync(ClerkText.Encode(key, nameof(key)), cancellationToken);
    }

    /// <summary>Reads a key's value as text.</summary>
    /// <param name="clerk">The Clerk.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value, or null when there is none.</returns>
    /// <exception cref="ClerkException">The operation failed, or the value is not UTF-8.</exception>
    public static async Task<string?> GetStringAsync(this IClerk clerk, string key, CancellationToken cancellationToken = default)
    {
        GetResult result = await clerk.GetAsync(key, cancellationToken).ConfigureAwait(false);
        return result.Found ? ClerkText.Decode(result.Value.Span) : null;
    }

    /// <summary>Sets a key.</summary>
    /// <param name="clerk">The Clerk.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value's new version.</returns>
    /// <exception cref="ClerkException">The operation failed, or the key or value is no valid text.</exception>
    public static Task<long> PutAsync(this IClerk clerk, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clerk);
        return clerk.PutAsync(ClerkText.Encode(key, nameof(key)), ClerkText.Encode(value, nameof(value)), cancellationToken);
    }

    /// <summary>Adds text to a key's value, or to the empty value when there is none.</summary>
    /// <param name="clerk">The Clerk.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">What to add.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value's new version.</returns>
    /// <exception cref="ClerkException">The operation failed, or the key or value is no valid text.</exception>
    public static Task<long> AppendAsync(this IClerk clerk, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clerk);
        return clerk.AppendAsync(ClerkText.Encode(key, nameof(key)), ClerkText.Encode(value, nameof(value)), cancellationToken);
    }

    /// <summary>Removes a key.</summary>
    /// <param name="clerk">The Clerk.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ClerkException">The operation failed, or the key is no valid text.</exception>
    public static Task<bool> DeleteAsync(this IClerk clerk, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clerk);
        return clerk.DeleteAsync(ClerkText.Encode(key, nameof(key)), cancellationToken);
    }

    /// <summary>Sets a key only if its version is the expected one.</summary>
    /// <param name="clerk">The Clerk.</param>
    /// <param name="key">The key.</param>
    /// <param name="expectedVersion">The version it must have; 0: only if the key is missing.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether it was set, and the version that the key has now.</returns>
    /// <exception cref="ClerkException">The operation failed, or the key or value is no valid text.</exception>
    public static Task<CompareAndSetResult> CompareAndSetAsync(
        this IClerk clerk, string key, long expectedVersion, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clerk);
        return clerk.CompareAndSetAsync(ClerkText.Encode(key, nameof(key)), expectedVersion, ClerkText.Encode(value, nameof(value)), cancellationToken);
    }
}
