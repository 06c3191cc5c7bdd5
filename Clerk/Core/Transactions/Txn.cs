using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// A transaction on keys of one shard: if all comparisons hold, one list of operations runs, otherwise another, all in one step that nobody sees
/// half done. Immutable, and may be used again.
/// <code>
/// Txn take = Txn.If(When.Missing("{job7}owner"), When.Version("{job7}state", 3))
///     .Then(Do.Put("{job7}owner", "n2"), Do.Append("{job7}log", "taken;"))
///     .Else(Do.Get("{job7}owner"));
/// TxnResult result = await clerk.TransactAsync(take);
/// </code>
/// Operations run in order, and each sees those before it. Keys with the same <c>{tag}</c> are in one shard (<see cref="ShardFunction.HashTag"/>).
/// </summary>
public sealed class Txn
{
    private readonly TransactionCompare[] _compares;
    private readonly TransactionStep[] _then;
    private readonly TransactionStep[] _else;
    private byte[]? _encoded;

    private Txn(TransactionCompare[] compares, TransactionStep[] then, TransactionStep[] otherwise)
    {
        (_compares, _then, _else) = (compares, then, otherwise);
        IsReadOnly = OnlyReads(then) && OnlyReads(otherwise);
    }

    /// <summary>Whether it only reads, whichever list runs. Such a one is not logged.</summary>
    public bool IsReadOnly { get; }

    /// <summary>All must hold for <see cref="ThenSteps"/>.</summary>
    public ReadOnlySpan<TransactionCompare> Compares => _compares;

    /// <summary>What runs if they do.</summary>
    public ReadOnlySpan<TransactionStep> ThenSteps => _then;

    /// <summary>What runs if one does not.</summary>
    public ReadOnlySpan<TransactionStep> ElseSteps => _else;

    /// <summary>Begins with comparisons, all of which must hold.</summary>
    /// <param name="compares">Made by <see cref="When"/>; none: they hold.</param>
    public static Txn If(params ReadOnlySpan<TransactionCompare> compares) => new(compares.ToArray(), [], []);

    /// <summary>Operations without a condition.</summary>
    /// <param name="steps">Made by <see cref="Do"/>.</param>
    public static Txn Of(params ReadOnlySpan<TransactionStep> steps) => new([], steps.ToArray(), []);

    /// <summary>Adds operations that run if all comparisons hold.</summary>
    /// <param name="steps">Made by <see cref="Do"/>.</param>
    public Txn Then(params ReadOnlySpan<TransactionStep> steps) => new(_compares, [.. _then, .. steps], _else);

    /// <summary>Adds operations that run if a comparison does not hold.</summary>
    /// <param name="steps">Made by <see cref="Do"/>.</param>
    public Txn Else(params ReadOnlySpan<TransactionStep> steps) => new(_compares, _then, [.. _else, .. steps]);

    internal byte[] Encode() => _encoded ??= TransactionCodec.Encode(_compares, _then, _else);

    private static bool OnlyReads(TransactionStep[] steps)
    {
        foreach (ref readonly TransactionStep step in steps.AsSpan())
            if (step.Kind != OperationKind.Get) return false;
        return true;
    }
}
