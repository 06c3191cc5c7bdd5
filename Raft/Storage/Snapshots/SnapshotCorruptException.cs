namespace Quorleans.Raft.Storage;

/// <summary>A snapshot's bytes are damaged, cut short, of another group or of a newer format. It must not be used.</summary>
public sealed class SnapshotCorruptException : Exception
{
    /// <summary>Creates the exception.</summary>
    public SnapshotCorruptException() { }

    /// <summary>Creates the exception with a message.</summary>
    public SnapshotCorruptException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public SnapshotCorruptException(string message, Exception? inner) : base(message, inner) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file's name.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="what">What is wrong.</param>
    public SnapshotCorruptException(string file, long offset, string what) : base($"Snapshot '{file}' is not usable at offset {offset}: {what}.")
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The file's name.</summary>
    public string File { get; } = "";

    /// <summary>Where in it.</summary>
    public long Offset { get; }

    /// <summary>The format that it is written in, when it is a newer one than this program knows: then nothing is wrong with it. Otherwise 0.</summary>
    public int NewerFormat { get; init; }
}
