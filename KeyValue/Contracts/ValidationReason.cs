namespace Quorleans.KeyValue;

/// <summary>Why a batch or an operation is refused before anything is logged.</summary>
public enum ValidationReason
{
    /// <summary>It is well-formed and within the limits.</summary>
    None = 0,

    /// <summary>The bytes are no batch: truncated, over-long, out of range, or with something behind the end.</summary>
    Malformed,

    /// <summary>The batch is of a newer format than this program knows.</summary>
    NewerVersion,

    /// <summary>A key has no bytes.</summary>
    KeyEmpty,

    /// <summary>A key is longer than <see cref="KeyValueLimits.MaxKeyBytes"/>.</summary>
    KeyTooLong,

    /// <summary>A value is longer than <see cref="KeyValueLimits.MaxValueBytes"/>.</summary>
    ValueTooLarge,

    /// <summary>More than <see cref="KeyValueLimits.MaxBatchOperations"/> operations.</summary>
    TooManyOperations,

    /// <summary>More than <see cref="KeyValueLimits.MaxBatchBytes"/> bytes.</summary>
    BatchTooLarge,

    /// <summary>A scan's limit is not 1 to <see cref="KeyValueLimits.MaxScanItems"/>.</summary>
    ScanLimit,

    /// <summary>A transaction has more than <see cref="KeyValueLimits.MaxTransactionOperations"/> comparisons and operations, or more bytes than it may.</summary>
    TransactionTooLarge,

    /// <summary>A transaction's keys are in several shards.</summary>
    ManyShards,
}
