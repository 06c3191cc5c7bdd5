namespace Quorleans.Client.Workload;

/// <summary>What a client of a workload does.</summary>
internal enum OperationKind
{
    /// <summary>Reads.</summary>
    Get,

    /// <summary>Sets.</summary>
    Put,

    /// <summary>Adds to the end.</summary>
    Append,

    /// <summary>Sets if the value is the expected one.</summary>
    Cas,

    /// <summary>Removes.</summary>
    Delete,

    /// <summary>Compares and changes some keys with the same tag in one step. In no mix: its share is asked for by itself.</summary>
    Txn,
}
