namespace Quorleans.KeyValue;

/// <summary>
/// Reads a transaction's body part by part without copying: the comparisons, the steps that run if all hold, those that run otherwise. For each
/// part call <see cref="Count"/> and then read that many.
/// </summary>
/// <param name="body">The encoded transaction.</param>
/// <param name="start">Where to start; a <see cref="Position"/> of another reader of the same body.</param>
public ref struct TransactionReader(ReadOnlySpan<byte> body, int start = 0)
{
    /// <summary>How many parts there are.</summary>
    public const int Parts = 3;

    private readonly int _start = start;
    private PayloadReader _reader = new(body[start..]);

    /// <summary>Where the next read starts.</summary>
    public readonly int Position => _start + _reader.Position;

    /// <summary>Whether all was read, and nothing failed.</summary>
    public readonly bool AtEnd => _reader.AtEnd;

    /// <summary>What a part is called in messages.</summary>
    /// <param name="part">0 to 2.</param>
    public static string PartName(int part) => part switch { 0 => "compare", 1 => "then", _ => "else" };

    /// <summary>How many comparisons or steps follow; 0 after a failure. Not to be trusted for allocations before they were read.</summary>
    public int Count() => (int)_reader.Varint(int.MaxValue);

    /// <summary>Reads a comparison.</summary>
    /// <param name="compare">The comparison.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public string? ReadCompare(out TransactionCompareView compare)
    {
        compare = new TransactionCompareView
        {
            Key = _reader.Bytes(), Target = (CompareTarget)_reader.Byte(), Operator = (CompareOperator)_reader.Byte(),
        };
        if (!_reader.Failed && compare.Target is not (CompareTarget.Version or CompareTarget.Value)) return $"{(byte)compare.Target} is nothing to compare";
        if (!_reader.Failed && compare.Operator is CompareOperator.None or > CompareOperator.Greater) return $"{(byte)compare.Operator} is no operator";
        if (compare.Target == CompareTarget.Version) compare.Version = _reader.Varint();
        else compare.Value = _reader.Bytes();
        return Problem();
    }

    /// <summary>Reads a step.</summary>
    /// <param name="step">The step.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public string? ReadStep(out TransactionStepView step)
    {
        step = new TransactionStepView { Kind = (OperationKind)_reader.Byte() };
        if (!_reader.Failed && !IsStep(step.Kind)) return $"{(byte)step.Kind} is no operation of a transaction";
        step.Key = _reader.Bytes();
        if (HasValue(step.Kind)) step.Value = _reader.Bytes();
        return Problem();
    }

    internal static bool IsStep(OperationKind kind) =>
        kind is OperationKind.Put or OperationKind.Append or OperationKind.Delete or OperationKind.Get;

    internal static bool HasValue(OperationKind kind) => kind is OperationKind.Put or OperationKind.Append;

    private readonly string? Problem() => _reader.Failed ? "the transaction ends within it, or a number is out of range" : null;
}
