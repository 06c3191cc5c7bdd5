namespace Quorleans.Linearizability;

/// <summary>What an operation does to its key.</summary>
public enum OperationKind
{
    /// <summary>Reads.</summary>
    Get,

    /// <summary>Sets.</summary>
    Put,

    /// <summary>Adds to the end of the old value, or of the empty string.</summary>
    Append,

    /// <summary>Sets if the value is the expected one.</summary>
    Cas,

    /// <summary>Removes.</summary>
    Delete,

    /// <summary>Compares keys and runs one of two lists of operations.</summary>
    Txn,
}
