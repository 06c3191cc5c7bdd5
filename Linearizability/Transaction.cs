namespace Quorleans.Linearizability;

/// <summary>
/// What a transaction compares and does. Versions do not show in histories: who compares a version writes down the value that has it, which is the
/// same as long as every value is written once.
/// </summary>
/// <param name="Compares">All must hold, on the state before, for <paramref name="Then"/>.</param>
/// <param name="Then">What runs if they do, in order.</param>
/// <param name="Else">What runs if one does not.</param>
public sealed record Transaction(IReadOnlyList<TransactionCompare> Compares, IReadOnlyList<TransactionStep> Then, IReadOnlyList<TransactionStep> Else)
{
    /// <summary>The keys that it names, each once.</summary>
    public IEnumerable<string> Keys
    {
        get
        {
            HashSet<string> keys = new(StringComparer.Ordinal);
            foreach (TransactionCompare compare in Compares)
                if (keys.Add(compare.Key)) yield return compare.Key;
            foreach (TransactionStep step in Then)
                if (keys.Add(step.Key)) yield return step.Key;
            foreach (TransactionStep step in Else)
                if (keys.Add(step.Key)) yield return step.Key;
        }
    }

    internal static bool OnlyReads(IReadOnlyList<TransactionStep> steps)
    {
        foreach (TransactionStep step in steps)
            if (step.Kind != OperationKind.Get) return false;
        return true;
    }
}

/// <summary>A comparison: the key has this value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null: that there is none.</param>
public sealed record TransactionCompare(string Key, string? Value);

/// <summary>An operation of a transaction's branch.</summary>
/// <param name="Kind">Get, Put, Append or Delete.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">What a put or an append writes; empty for others.</param>
/// <param name="Output">What a get read, of the branch that ran; null: no value.</param>
public sealed record TransactionStep(OperationKind Kind, string Key, string Value, string? Output);
