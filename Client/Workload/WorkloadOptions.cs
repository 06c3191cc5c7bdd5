namespace Quorleans.Client.Workload;

/// <summary>What a workload does.</summary>
internal sealed record WorkloadOptions
{
    private const int KeysPerTag = 4;

    /// <summary>How many clients at once.</summary>
    public required int Clients { get; init; }

    /// <summary>How many keys they share, named k0, k1, …; with transactions k{0}0, k{0}1, …, four to a tag.</summary>
    public required int Keys { get; init; }

    /// <summary>For how long.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How often each operation.</summary>
    public required OperationMix Mix { get; init; }

    /// <summary>How many of a hundred operations are transactions; the mix is of the others.</summary>
    public int TxnPercent { get; init; }

    /// <summary>How long a written value is at least; it is longer when its own name takes more.</summary>
    public int ValueBytes { get; init; }

    /// <summary>The seed of every choice.</summary>
    public int Seed { get; init; }

    /// <summary>A key's name.</summary>
    /// <param name="number">From 0 on.</param>
    public string KeyName(int number) => TxnPercent == 0 ? $"k{number}" : $"k{{{number / KeysPerTag}}}{number}";

    /// <summary>The keys of some tag.</summary>
    public string[] KeysOfOneTag(Random random)
    {
        int first = random.Next(Keys) / KeysPerTag * KeysPerTag;
        return [.. Enumerable.Range(first, Math.Min(KeysPerTag, Keys - first)).Select(KeyName)];
    }
}
