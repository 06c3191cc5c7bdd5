namespace Quorleans.Linearizability;

/// <summary>The operations of one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Operations">Its operations, in the order of the history.</param>
public sealed record KeyHistory(string Key, IReadOnlyList<Operation> Operations);

/// <summary>What the check of one key found.</summary>
/// <param name="Key">The key.</param>
/// <param name="Verdict">What.</param>
/// <param name="Configurations">How many configurations were remembered, the unit of the budget.</param>
/// <param name="Explanation">Of what is not linearizable, several lines for a person.</param>
public sealed record KeyResult(string Key, Verdict Verdict, long Configurations, string? Explanation);

/// <summary>
/// Checks histories of a key/value store for linearizability (Herlihy and Wing). A history is linearizable if and only if each key's part
/// is, so keys are checked one by one, and callers may check several at once. Single-threaded and deterministic: the same history
/// gives the same result everywhere.
/// </summary>
public static class HistoryChecker
{
    /// <summary>The default budget: configurations a key's check may remember, about 70 bytes each.</summary>
    public const long DefaultBudget = 4_000_000;

    /// <summary>The history's keys, in the order of their first operation.</summary>
    public static IReadOnlyList<KeyHistory> Split(IReadOnlyList<Operation> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        Dictionary<string, List<Operation>> byKey = [];
        List<KeyHistory> keys = [];
        foreach (Operation operation in history)
        {
            if (!byKey.TryGetValue(operation.Key, out List<Operation>? operations))
            {
                byKey.Add(operation.Key, operations = []);
                keys.Add(new KeyHistory(operation.Key, operations));
            }

            operations.Add(operation);
        }

        return keys;
    }

    /// <summary>Checks one key, which begins without a value.</summary>
    /// <param name="key">The key and its operations.</param>
    /// <param name="budget">How many configurations it may remember.</param>
    public static KeyResult Check(KeyHistory key, long budget = DefaultBudget)
    {
        ArgumentNullException.ThrowIfNull(key);
        KeySearch search = new(KeyProblem.Of(key.Operations), budget);
        Verdict verdict = search.Run();
        return new KeyResult(key.Key, verdict, search.Configurations, verdict == Verdict.NotLinearizable ? Explainer.Explain(key, budget) : null);
    }

    /// <summary>Checks a whole history, one key after another.</summary>
    /// <returns>The result of each key, in the order of <see cref="Split"/>.</returns>
    public static IReadOnlyList<KeyResult> Check(IReadOnlyList<Operation> history, long budget = DefaultBudget)
    {
        List<KeyResult> results = [];
        foreach (KeyHistory key in Split(history)) results.Add(Check(key, budget));
        return results;
    }
}
