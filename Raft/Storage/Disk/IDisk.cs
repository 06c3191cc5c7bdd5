namespace Quorleans.Raft.Storage;

/// <summary>
/// One node's data directory: a flat set of files. Nothing is durable before it was synced: a file's bytes by
/// <see cref="IDiskFile.Sync"/>, the names of files by <see cref="SyncDirectory"/>. Methods throw <see cref="DiskException"/>; a failed
/// sync must never be tried again (the kernel drops the pages that it could not write, and the next sync succeeds).
/// </summary>
public interface IDisk
{
    /// <summary>Where the directory is, for messages.</summary>
    string Path { get; }

    /// <summary>The names of all files, in ordinal order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Whether a file of that name exists.</summary>
    /// <param name="name">A plain file name.</param>
    bool Exists(string name);

    /// <summary>Opens a file that exists, for reading and writing.</summary>
    /// <param name="name">A plain file name.</param>
    /// <exception cref="DiskException">There is none, or it cannot be opened.</exception>
    IDiskFile Open(string name);

    /// <summary>Creates an empty file; one of that name is replaced.</summary>
    /// <param name="name">A plain file name.</param>
    IDiskFile Create(string name);

    /// <summary>
    /// Creates a file of <paramref name="bytes"/> zeros and syncs it with its name. All its blocks exist then, so that a later
    /// write and sync inside it changes no metadata.
    /// </summary>
    /// <param name="name">A plain file name that does not exist yet.</param>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="DiskFullException">There is no space; nothing is left behind.</exception>
    IDiskFile Allocate(string name, long bytes);

    /// <summary>Renames a file; one of the new name is replaced, atomically.</summary>
    /// <param name="from">The old name.</param>
    /// <param name="to">The new name.</param>
    void Rename(string from, string to);

    /// <summary>Deletes a file. Handles to it stay usable. It is no error when there is none.</summary>
    /// <param name="name">A plain file name.</param>
    void Delete(string name);

    /// <summary>Makes creations, renames and deletions so far durable.</summary>
    void SyncDirectory();
}
