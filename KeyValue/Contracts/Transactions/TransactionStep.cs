namespace Quorleans.KeyValue;

/// <summary>One operation of a transaction's branch, as the Clerk sends it.</summary>
/// <param name="Kind">Put, Append, Delete or Get.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">Put: the value. Append: what to add.</param>
public readonly record struct TransactionStep(OperationKind Kind, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value);

/// <summary>One operation of a branch as it is read; its bytes are slices of the transaction.</summary>
public ref struct TransactionStepView
{
    /// <summary>Put, Append, Delete or Get.</summary>
    public OperationKind Kind { get; internal set; }

    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Key { get; internal set; }

    /// <summary>See <see cref="TransactionStep.Value"/>.</summary>
    public ReadOnlySpan<byte> Value { get; internal set; }
}
