namespace Quorleans.KeyValue;

/// <summary>
/// The encoding of batches and their results, versions 1 and 2. <c>u</c> is an unsigned LEB128 number in its shortest form, at most
/// 2^63-1; <c>bytes</c> is <c>u</c> length and that many bytes. Nothing may follow the last operation.
/// <code>
/// write batch   = 0x01  version(1 byte)  client(16 bytes, big-endian)  u count (1..)  write*
/// write         = kind(1 byte)  u sequence (1..)  u sequence-floor (1..)  u deadline  bytes key  payload
///   payload     = bytes value                           Put, Append
///               | nothing                               Delete
///               | u expectedVersion  bytes value        CompareAndSet
///               | bytes transaction                     Transaction (TransactionCodec); its key: the first that it names
/// read batch    = 0x02  version(1 byte)  u count (0..)  read*
/// read          = kind(1 byte)  bytes key                                                          Get
///               | kind(1 byte)  bytes prefix  bytes from  bytes to  bytes after  u limit (1..)  bytes shards     Scan
///               | kind(1 byte)  bytes key  bytes transaction                                       ReadTransaction
/// result batch  = 0x03  version(1 byte)  u count  result*
/// result        = status(1 byte)  flags(1 byte)  parts in the order of their flags
///   flags 0x01  u version             when it is not 0
///         0x02  bytes value           a Get that found one; a transaction's results, as a batch of their own
///         0x04  u count  (bytes key  u version  bytes value)*      a Scan's items
///         0x08  bytes continuation    the last key read, when a Scan may go on after it
///         0x10  u group  u epoch  u retryAfterMs                   where a WrongShard or Moving shard is
///         0x20  bytes shards       those of the shards asked for that a Scan covers; without it, all of them
/// </code>
/// A batch with a transaction is of version 2, any other of version 1: programs that know no transactions read all that others do not need.
/// A first byte from 0x10 on is a command of the hand-off (<see cref="Quorleans.KeyValue.HandoffCommand"/>) or the shard controller, which no client sends.
/// </summary>
public static class KeyValueCodec
{
    /// <summary>The newest format that this program reads; it writes it only where a transaction is.</summary>
    public const byte Version = 2;

    /// <summary>The format of everything without a transaction.</summary>
    public const byte FirstVersion = 1;

    /// <summary>The first byte of a batch of writes.</summary>
    public const byte WriteBatch = 0x01;

    /// <summary>The first byte of a batch of reads.</summary>
    public const byte ReadBatch = 0x02;

    /// <summary>The first byte of a batch of results.</summary>
    public const byte ResultBatch = 0x03;

    /// <summary>The first byte from which on payloads are between groups, not from clients.</summary>
    public const byte FirstInternal = 0x10;

    /// <summary>The first byte of a <see cref="Quorleans.KeyValue.HandoffCommand"/>.</summary>
    public const byte HandoffCommand = 0x10;

    /// <summary>The first byte of the answer to one: this, the version and a <see cref="HandoffOutcome"/>.</summary>
    public const byte HandoffResult = 0x11;

    /// <summary>The first byte of a <see cref="PullRequest"/>.</summary>
    public const byte HandoffRequest = 0x12;

    /// <summary>The first byte of a <see cref="PullAnswer"/>.</summary>
    public const byte HandoffAnswer = 0x13;

    /// <summary>What a batch's header takes at most, in bytes.</summary>
    public const int MaxHeaderBytes = 2 + ClientId.Size + 10;

    /// <summary>What an operation takes at most beside its key and value, in bytes.</summary>
    public const int MaxOperationOverhead = 1 + 4 * 10 + 3 * 5;

    /// <summary>Whether a payload is one that clients never send; the place that takes clients' bytes must refuse it.</summary>
    /// <param name="payload">The payload.</param>
    public static bool IsInternal(ReadOnlySpan<byte> payload) => !payload.IsEmpty && payload[0] >= FirstInternal;

    /// <summary>
    /// Whether a request goes before clients' operations when there are too many of those: the question who leads, an empty batch of reads, without whose answer a
    /// client would not even know by whom it is refused; and the steps of a hand-off, which may be what ends the overload.
    /// </summary>
    /// <param name="payload">The request.</param>
    public static bool IsUrgent(ReadOnlySpan<byte> payload) => payload is [ReadBatch, FirstVersion, 0] or [HandoffRequest or HandoffCommand, ..];

    internal static ValidationError Malformed(string what) => new(ValidationReason.Malformed, what);

    internal static ValidationError CheckHeader(ref PayloadReader reader, byte expectedFirst, string name)
    {
        byte first = reader.Byte();
        byte version = reader.Byte();
        if (reader.Failed || first != expectedFirst) return Malformed($"The bytes are no {name} (first byte 0x{first:x2}, expected 0x{expectedFirst:x2}).");
        if (version > Version)
            return new ValidationError(ValidationReason.NewerVersion, $"The {name} has format {version}; this program knows up to {Version}. Upgrade it.");
        return version == 0 ? Malformed($"The {name} has format 0, which never was.") : default;
    }
}
