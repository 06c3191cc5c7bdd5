using System.Globalization;

namespace Quorleans.KeyValue;

/// <summary>
/// Which shard a key belongs to. Chosen when a cluster is created, recorded by its <see cref="Name"/>, never changed after: every
/// client and every replica must agree.
/// </summary>
public abstract class ShardFunction
{
    /// <summary>The most shards that a cluster may have.</summary>
    public const int MaxShards = 4096;

    /// <summary>Creates a function into that many shards.</summary>
    /// <param name="shardCount">1 to <see cref="MaxShards"/>.</param>
    protected ShardFunction(int shardCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shardCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardCount, MaxShards);
        ShardCount = shardCount;
    }

    /// <summary>The default: <see cref="HashTag"/> into 64 shards.</summary>
    public static ShardFunction Default { get; } = HashTag(64);

    /// <summary>How many shards there are.</summary>
    public int ShardCount { get; }

    /// <summary>What is recorded, such as <c>hash-tag-v1:64</c>; <see cref="Parse"/> reads it.</summary>
    public abstract string Name { get; }

    /// <summary>Whether keys with the same <c>{tag}</c> share a shard.</summary>
    public virtual bool HasTags => false;

    /// <summary>The <c>{tag}</c> of a key, without the braces; empty when it has none.</summary>
    /// <param name="key">The key.</param>
    public static ReadOnlySpan<byte> TagOf(ReadOnlySpan<byte> key)
    {
        int open = key.IndexOf((byte)'{');
        if (open < 0) return default;
        ReadOnlySpan<byte> rest = key[(open + 1)..];
        int close = rest.IndexOf((byte)'}');
        return close > 0 ? rest[..close] : default;
    }

    /// <summary>The shard of a key.</summary>
    /// <param name="key">The key, at least one byte.</param>
    public abstract ShardId Of(ReadOnlySpan<byte> key);

    /// <summary>Whether all keys that begin with a prefix belong to one shard, such as those with a whole <c>{tag}</c> in the prefix.</summary>
    /// <param name="prefix">The prefix; may be empty.</param>
    /// <param name="shard">The shard.</param>
    public virtual bool TryOfPrefix(ReadOnlySpan<byte> prefix, out ShardId shard)
    {
        shard = default;
        return false;
    }

    /// <summary>
    /// A stable hash of the key. Where the key holds a non-empty <c>{tag}</c>, only the tag is hashed, so that keys with the same tag
    /// share a shard (as in Redis Cluster: the first <c>{</c> and the first <c>}</c> after it).
    /// </summary>
    /// <param name="shardCount">1 to <see cref="MaxShards"/>.</param>
    public static ShardFunction HashTag(int shardCount) => new HashTagFunction(shardCount);

    /// <summary>The labs' function: the first byte modulo the number of shards (10 there).</summary>
    /// <param name="shardCount">1 to <see cref="MaxShards"/>.</param>
    public static ShardFunction FirstByteModulo(int shardCount) => new FirstByteFunction(shardCount);

    /// <summary>Reads a recorded <see cref="Name"/>.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="FormatException">It names no function that this program knows.</exception>
    public static ShardFunction Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int colon = name.LastIndexOf(':');
        if (colon > 0
            && int.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= MaxShards)
        {
            ReadOnlySpan<char> kind = name.AsSpan(0, colon);
            if (kind.SequenceEqual(HashTagFunction.Kind)) return HashTag(count);
            if (kind.SequenceEqual(FirstByteFunction.Kind)) return FirstByteModulo(count);
        }

        throw new FormatException(
            $"'{name}' is no shard function; known are {HashTagFunction.Kind}:N and {FirstByteFunction.Kind}:N with N from 1 to {MaxShards}.");
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private sealed class HashTagFunction(int shardCount) : ShardFunction(shardCount)
    {
        public const string Kind = "hash-tag-v1";

        public override string Name { get; } = $"{Kind}:{shardCount}";

        public override bool HasTags => true;

        public override ShardId Of(ReadOnlySpan<byte> key)
        {
            // FNV-1a mixes its low bits poorly for short keys that differ in their last byte only; the finalizer spreads them.
            ulong hash = 14695981039346656037;
            foreach (byte b in Tag(key)) hash = (hash ^ b) * 1099511628211;
            hash ^= hash >> 32;
            hash *= 0xd6e8feb86659fd93;
            hash ^= hash >> 32;
            return new ShardId((int)(hash % (uint)ShardCount));
        }

        public override bool TryOfPrefix(ReadOnlySpan<byte> prefix, out ShardId shard)
        {
            shard = default;
            if (Tag(prefix).Length == prefix.Length) return false;
            shard = Of(prefix);
            return true;
        }

        private static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> key)
        {
            ReadOnlySpan<byte> tag = TagOf(key);
            return tag.IsEmpty ? key : tag;
        }
    }

    private sealed class FirstByteFunction(int shardCount) : ShardFunction(shardCount)
    {
        public const string Kind = "first-byte-v1";

        public override string Name { get; } = $"{Kind}:{shardCount}";

        public override ShardId Of(ReadOnlySpan<byte> key) => new(key.IsEmpty ? 0 : key[0] % ShardCount);

        public override bool TryOfPrefix(ReadOnlySpan<byte> prefix, out ShardId shard)
        {
            shard = Of(prefix);
            return !prefix.IsEmpty;
        }
    }
}
