namespace Quorleans.KeyValue.Members;

/// <summary>The limits of a membership table: the same on all replicas for ever, so that none takes what another refuses.</summary>
public static class MembersLimits
{
    /// <summary>Rows at the same time, those of dead silos included: 1,024. Orleans removes the dead ones long before.</summary>
    public const int MaxRows = 1024;

    /// <summary>Bytes of a silo's address or a node's name, at most: 128.</summary>
    public const int MaxNameBytes = 128;

    /// <summary>Bytes of an entry, at most: 16 KiB. A vote against a silo takes some fifty.</summary>
    public const int MaxEntryBytes = 16 << 10;

    /// <summary>Bytes of a command or a query, at most.</summary>
    public const int MaxRequestBytes = MaxEntryBytes + 1024;

    /// <summary>How many of the last inserts and updates are remembered with their outcome, for those who lost the answer and ask again: 256.</summary>
    public const int MaxRemembered = 256;

    /// <summary>Nodes that were added and not removed, at most: 64.</summary>
    public const int MaxNodes = 64;

    /// <summary>Names of removed nodes, which are kept for ever: 4,096.</summary>
    public const int MaxRemovedNodes = 4096;

    /// <summary>The largest age in milliseconds, into the past or the future: some 35,000 years.</summary>
    public const long MaxAgeMs = 1L << 50;
}
