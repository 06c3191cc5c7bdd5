namespace Quorleans.Linearizability;

/// <summary>The operations of one key, or of several that transactions tie together.</summary>
/// <param name="Key">The key, or the keys for a person.</param>
/// <param name="Operations">Their operations, in the order of the history.</param>
public sealed record KeyHistory(string Key, IReadOnlyList<Operation> Operations)
{
    /// <summary>Whether it is one key without transactions.</summary>
    public bool IsSingle { get; init; } = true;
}

/// <summary>What the check of one key found.</summary>
/// <param name="Key">The key.</param>
/// <param name="Verdict">What.</param>
/// <param name="Configurations">How many configurations were remembered, the unit of the budget.</param>
/// <param name="Explanation">Of what is not linearizable, several lines for a person.</param>
public sealed record KeyResult(string Key, Verdict Verdict, long Configurations, string? Explanation);

/// <summary>
/// Checks histories of a key/value store for linearizability (Herlihy and Wing). A history is linearizable if and only if each key's part
/// is, so keys are checked one by one, and callers may check several at once. Keys that a transaction names together are checked together. Single-threaded and deterministic: the same history
/// gives the same result everywhere.
/// </summary>
public static class HistoryChecker
{
    /// <summary>The default budget: configurations a key's check may remember, about 70 bytes each.</summary>
    public const long DefaultBudget = 4_000_000;

    /// <summary>The history's keys, in the order of their first operation; keys that transactions name together as one.</summary>
    public static IReadOnlyList<KeyHistory> Split(IReadOnlyList<Operation> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        KeyGroups groups = new(history);
        Dictionary<string, List<Operation>> byGroup = new(StringComparer.Ordinal);
        List<KeyHistory> keys = [];
        foreach (Operation operation in history)
        {
            string group = groups.Of(operation.Key);
            if (!byGroup.TryGetValue(group, out List<Operation>? operations))
            {
                byGroup.Add(group, operations = []);
                keys.Add(new KeyHistory(groups.NameOf(group), operations) { IsSingle = !groups.HasTransactions(group) });
            }

            operations.Add(operation);
        }

        return keys;
    }

    /// <summary>Checks one key, or some that belong together, which begin without a value.</summary>
    /// <param name="key">The key and its operations.</param>
    /// <param name="budget">How many configurations it may remember.</param>
    public static KeyResult Check(KeyHistory key, long budget = DefaultBudget)
    {
        ArgumentNullException.ThrowIfNull(key);
        Verdict verdict = Search(key.Operations, budget, out long configurations);
        return new KeyResult(key.Key, verdict, configurations, verdict == Verdict.NotLinearizable ? Explainer.Explain(key, budget) : null);
    }

    internal static Verdict Search(IReadOnlyList<Operation> operations, long budget, out long configurations)
    {
        Verdict verdict;
        foreach (Operation operation in operations)
        {
            if (operation.Kind != OperationKind.Txn) continue;
            StoreSearch store = new(StoreProblem.Of(operations), budget);
            verdict = store.Run();
            configurations = store.Configurations;
            return verdict;
        }

        KeyProblem problem = KeyProblem.Of(operations);
        if (!problem.Drops && TryWithoutUnseen(operations, budget, out configurations)) return Verdict.Linearizable;
        KeySearch search = new(problem, budget);
        verdict = search.Run();
        configurations = search.Configurations;
        return verdict;
    }

    // A failed cas that does not tell what it found may need a write that nobody saw. Mostly none does, and without those whose outcome is unknown, which
    // stay open for ever, an endless search is a short one. An order that is found so is held against the history as it is.
    private static bool TryWithoutUnseen(IReadOnlyList<Operation> operations, long budget, out long configurations)
    {
        KeyProblem problem = KeyProblem.Of(operations, drops: true);
        KeySearch search = new(problem, budget);
        bool found = problem.Unique is not null && search.Run() == Verdict.Linearizable && Certificate.Holds(problem.Operations, search.Order());
        configurations = search.Configurations;
        return found;
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
