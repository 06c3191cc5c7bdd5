using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Quorleans.Client.Workload;

/// <summary>How often each operation is chosen, such as <c>get=40,put=20,append=20,cas=10,delete=10</c>. What is not named is never chosen.</summary>
internal sealed class OperationMix
{
    /// <summary>The mix when none is asked for.</summary>
    public const string Default = "get=40,put=20,append=20,cas=10,delete=10";

    private const int WeightMax = 1_000_000;
    private readonly int[] _weights = new int[(int)OperationKind.Delete + 1];
    private int _sum;

    private OperationMix()
    {
    }

    /// <summary>An operation's name, in mixes and histories.</summary>
    public static string NameOf(OperationKind kind) => kind switch
    {
        OperationKind.Get => "get",
        OperationKind.Put => "put",
        OperationKind.Append => "append",
        OperationKind.Cas => "cas",
        OperationKind.Delete => "delete",
        _ => "txn",
    };

    /// <summary>Reads a mix.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out OperationMix? mix, [NotNullWhen(false)] out string? problem)
    {
        mix = null;
        OperationMix read = new();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            int kind = equals < 0 ? -1 : KindOf(part[..equals]);
            if (kind < 0 || !int.TryParse(part.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int weight)
                || weight > WeightMax)
            {
                problem = $"'{part}' is not get, put, append, cas or delete with '=' and a number from 0 to {WeightMax}";
                return false;
            }

            read._weights[kind] = weight;
        }

        read._sum = read._weights.Sum();
        problem = read._sum == 0 ? "no operation has a weight above 0" : null;
        if (problem is not null) return false;
        mix = read;
        return true;
    }

    private static int KindOf(string name)
    {
        for (OperationKind kind = OperationKind.Get; kind <= OperationKind.Delete; kind++)
            if (NameOf(kind) == name) return (int)kind;
        return -1;
    }

    /// <summary>Chooses an operation.</summary>
    public OperationKind Pick(Random random)
    {
        int at = random.Next(_sum);
        int kind = 0;
        while (at >= _weights[kind]) at -= _weights[kind++];
        return (OperationKind)kind;
    }
}
