namespace Quorleans.MapReduce;

/// <summary>Says which reduce task a key goes to. The same in all tasks and processes: equal keys, equal answers. Called by many threads.</summary>
public interface IPartitioner
{
    /// <summary>The partition.</summary>
    /// <param name="key">The key.</param>
    /// <param name="partitions">How many there are.</param>
    /// <returns>From 0 to <paramref name="partitions"/> - 1.</returns>
    int Partition(ReadOnlySpan<byte> key, int partitions);
}

/// <summary>The lab's: FNV-1a of 32 bits, its sign bit cut off, modulo the number of partitions.</summary>
public sealed class HashPartitioner : IPartitioner
{
    /// <summary>The only one that is needed.</summary>
    public static HashPartitioner Instance { get; } = new();

    private HashPartitioner()
    {
    }

    /// <summary>FNV-1a of 32 bits.</summary>
    public static uint Fnv1a(ReadOnlySpan<byte> key)
    {
        uint hash = 2166136261;
        foreach (byte b in key) hash = (hash ^ b) * 16777619;
        return hash;
    }

    /// <inheritdoc/>
    public int Partition(ReadOnlySpan<byte> key, int partitions) => (int)((Fnv1a(key) & 0x7fffffff) % (uint)partitions);
}
