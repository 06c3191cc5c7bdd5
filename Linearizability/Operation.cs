namespace Quorleans.Linearizability;

/// <summary>One operation of a history, as its client saw it.</summary>
/// <param name="Client">Who did it. A client does one thing after another, and nothing after an unknown outcome.</param>
/// <param name="Kind">What.</param>
/// <param name="Key">On which key; of a transaction one that it names.</param>
/// <param name="Value">What a put, append or cas writes; empty for others.</param>
/// <param name="Expected">A cas' expected value; null: that there is none.</param>
/// <param name="Output">What a get read, or what a cas that did not match found; null: no value.</param>
/// <param name="Ok">
/// Whether it happened (a cas: whether it matched; a transaction: whether all comparisons held); null: unknown. Of what did not happen only these two tell something.
/// </param>
/// <param name="Call">When it was called, in nanoseconds of the history's one monotonic clock.</param>
/// <param name="Return">When it ended; of no meaning when <paramref name="Ok"/> is null, since it may still happen later.</param>
public sealed record Operation(
    int Client, OperationKind Kind, string Key, string Value, string? Expected, string? Output, bool? Ok, long Call, long Return)
{
    /// <summary>
    /// Whether <see cref="Output"/> of a cas that did not match is what it found. If not, all that it tells is that the value was not
    /// the expected one.
    /// </summary>
    public bool OutputReported { get; init; } = true;

    /// <summary>The transaction; null unless it is one.</summary>
    public Transaction? Transaction { get; init; }

    /// <summary>The line of the file it was read from, from 1; 0: none.</summary>
    public int Line { get; init; }

    /// <summary>Whether it tells about the state without changing it.</summary>
    internal bool IsRead => Kind == OperationKind.Get || (Kind == OperationKind.Cas && Ok == false) || (Transaction is { } transaction
        && (Ok == false || Transaction.OnlyReads(transaction.Then)) && (Ok == true || Transaction.OnlyReads(transaction.Else)));

    /// <summary>Whether it can neither have had an effect nor tells anything.</summary>
    internal bool SaysNothing => Ok switch
    {
        null => Kind == OperationKind.Get || (Transaction is not null && IsRead),
        false => Kind is not (OperationKind.Cas or OperationKind.Txn),
        true => false,
    };
}
