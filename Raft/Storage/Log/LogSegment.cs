namespace Quorleans.Raft.Storage;

/// <summary>A segment file in use, or free for the next use.</summary>
internal sealed class LogSegment(IDiskFile file, int number, long size)
{
    internal IDiskFile File { get; } = file;

    internal int Number { get; } = number;

    internal long Size { get; } = size;

    /// <summary>Which use of the file this is; 0 while free.</summary>
    internal long Generation { get; set; }

    /// <summary>The sequence of its first batch.</summary>
    internal long FirstSequence { get; set; }

    /// <summary>Where the next batch goes.</summary>
    internal long End { get; set; }

    internal long Remaining => Size - End;

    /// <summary>Encoded bytes of entries in it that are live as of the last closed batch.</summary>
    internal long LiveBytes { get; set; }

    /// <summary>Those of them that the batch being built makes obsolete. They count until it is closed: it may be torn.</summary>
    internal long DyingBytes { get; set; }
}
