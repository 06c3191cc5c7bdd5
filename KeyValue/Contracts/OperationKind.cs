namespace Quorleans.KeyValue;

/// <summary>What an operation does. The numbers stand in logs and messages. Writes are below 16, reads from 16 on.</summary>
public enum OperationKind : byte
{
    /// <summary>No operation; never encoded.</summary>
    None = 0,

    /// <summary>Sets a key.</summary>
    Put = 1,

    /// <summary>Adds bytes to a key's value, or to the empty value when there is none.</summary>
    Append = 2,

    /// <summary>Removes a key.</summary>
    Delete = 3,

    /// <summary>Sets a key only if its version is the expected one; expected 0: only if the key is missing.</summary>
    CompareAndSet = 4,

    /// <summary>Compares keys of one shard, and depending on that runs one of two lists of operations on them, in one step (<see cref="TransactionCodec"/>).</summary>
    Transaction = 5,

    /// <summary>Reads a key.</summary>
    Get = 16,

    /// <summary>Reads a page of keys in byte order.</summary>
    Scan = 17,

    /// <summary>A <see cref="Transaction"/> that only reads: all its values are of one moment.</summary>
    ReadTransaction = 18,
}
