using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>What a transaction did.</summary>
/// <param name="Succeeded">Whether all comparisons held, so that <see cref="Txn.ThenSteps"/> ran; otherwise <see cref="Txn.ElseSteps"/> did.</param>
/// <param name="Steps">The results of those, in their order.</param>
public sealed record TxnResult(bool Succeeded, IReadOnlyList<TxnStepResult> Steps)
{
    /// <summary>Reads the batch of results that a transaction is answered.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="succeeded">Whether all comparisons held.</param>
    /// <param name="body">The batch; values are slices of it.</param>
    /// <returns>Null when it does not fit to the transaction.</returns>
    public static TxnResult? Read(Txn transaction, bool succeeded, ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ReadOnlySpan<TransactionStep> steps = succeeded ? transaction.ThenSteps : transaction.ElseSteps;
        ResultBatchReader reader = new(body);
        if (reader.Error.IsError || reader.Count != steps.Length) return null;
        var results = new TxnStepResult[steps.Length];
        for (int i = 0; i < results.Length; i++)
        {
            if (!reader.TryRead(out OperationResult result)) return null;
            results[i] = new TxnStepResult(steps[i].Kind, steps[i].Key, result.Status == OperationStatus.Ok, result.Version, result.Value);
        }

        return new TxnResult(succeeded, results);
    }
}

/// <summary>What one operation of a transaction did.</summary>
/// <param name="Kind">Put, Append, Delete or Get.</param>
/// <param name="Key">Its key.</param>
/// <param name="Found">Get: whether the key had a value. Delete: whether there was one. Put and Append: true.</param>
/// <param name="Version">The key's version: after a Put or an Append, of the value read by a Get; otherwise 0.</param>
/// <param name="Value">Get: the value; empty when there is none.</param>
public readonly record struct TxnStepResult(OperationKind Kind, ReadOnlyMemory<byte> Key, bool Found, long Version, ReadOnlyMemory<byte> Value)
{
    /// <summary>Get: the value as text, or null when there is none.</summary>
    /// <exception cref="ClerkException">It is not UTF-8.</exception>
    public string? Text => Kind == OperationKind.Get && Found ? ClerkText.Decode(Value.Span) : null;
}
