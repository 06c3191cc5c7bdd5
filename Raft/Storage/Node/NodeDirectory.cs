using System.Globalization;

namespace Quorleans.Raft.Storage;

/// <summary>
/// A node's data directory, held exclusively while this object lives. The lock is the system's (flock), so it ends with the process
/// however that ends.
/// </summary>
public sealed class NodeDirectory : IDisposable
{
    private const string LockName = "node.lock";
    private const string PidName = "node.pid";
    private readonly FileStream _lock;

    private NodeDirectory(string path, FileStream held, PosixDisk disk, NodeIdentity identity, bool isNew)
    {
        Path = path;
        _lock = held;
        Disk = disk;
        Identity = identity;
        IsNew = isNew;
    }

    /// <summary>The directory's full path.</summary>
    public string Path { get; }

    /// <summary>Its files.</summary>
    public IDisk Disk { get; }

    /// <summary>Who it is.</summary>
    public NodeIdentity Identity { get; }

    /// <summary>Whether this call created the identity.</summary>
    public bool IsNew { get; }

    /// <summary>Reads who a directory is, without locking or changing it.</summary>
    /// <param name="path">The directory.</param>
    /// <returns>Null when it does not exist or has no identity yet.</returns>
    /// <exception cref="NodeDirectoryException">Its <c>node.json</c> is malformed, newer or unreadable.</exception>
    public static NodeIdentity? Peek(string path)
    {
        PosixDisk disk = new(path);
        try
        {
            return Directory.Exists(disk.Path) ? NodeIdentity.Read(disk) : null;
        }
        catch (DiskException cause)
        {
            throw Translate(disk.Path, cause);
        }
    }

    /// <summary>Opens and locks a data directory; creates it, and its identity, when there is none.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="node">The node's name. One that exists must bear it.</param>
    /// <param name="clusterId">The cluster. One that exists must belong to it.</param>
    /// <exception cref="NodeDirectoryException">It was refused; the message says why and what to do.</exception>
    public static NodeDirectory Open(string path, string node, Guid clusterId)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        string full = System.IO.Path.GetFullPath(path);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(full);
            held = Lock(full);
            PosixDisk disk = new(full);
            NodeIdentity? identity = NodeIdentity.Read(disk);
            bool isNew = identity is null;
            if (identity is null)
            {
                RefuseOrphanedLog(disk);
                identity = new NodeIdentity(NodeIdentity.CurrentFormat, clusterId, node, Guid.NewGuid());
                identity.Write(disk);

                // The directory's own name must be as durable as what is in it.
                if (System.IO.Path.GetDirectoryName(full) is { Length: > 0 } parent) Posix.SyncDirectory(parent);
            }
            else
            {
                // It is relied on from here on; a process killed before its own sync may have left the name in the cache only.
                disk.SyncDirectory();
            }

            Check(full, identity, node, clusterId);
            NodeDirectory opened = new(full, held, disk, identity, isNew);
            held = null;
            return opened;
        }
        catch (Exception cause) when (cause is DiskException || PosixDisk.IsDisk(cause))
        {
            throw Translate(full, cause as DiskException ?? Posix.Translate("open", full, cause));
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <summary>Gives the directory free.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(System.IO.Path.Combine(Path, PidName));
        }
        catch (Exception cause) when (PosixDisk.IsDisk(cause))
        {
            // Only a hint for a message; the lock itself is what counts.
        }

        _lock.Dispose();
    }

    private static FileStream Lock(string path)
    {
        FileStream held;
        string pidFile = System.IO.Path.Combine(path, PidName);
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException cause) when (cause.HResult is Posix.Eagain)
        {
            string holder = File.Exists(pidFile) && int.TryParse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture, out int pid)
                ? pid == Environment.ProcessId ? $"this process ({pid})" : $"process {pid}"
                : "another process";
            throw new NodeDirectoryException(NodeDirectoryError.Locked, path,
                $"The data directory '{path}' is in use by {holder}. Stop it, or give this node another directory.", cause);
        }

        try
        {
            File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static void RefuseOrphanedLog(PosixDisk disk)
    {
        // A log without its identity: a new node id would make it unreadable and the node forget its votes.
        foreach (string name in disk.List())
            if (LogSegmentNames.TryParse(name, out _))
                throw new NodeDirectoryException(NodeDirectoryError.Malformed, disk.Path,
                    $"The data directory '{disk.Path}' holds a log ('{name}') but no {NodeIdentity.FileName}. Restore that file from a copy, or join as a new node with an empty directory.");
    }

    private static void Check(string path, NodeIdentity identity, string node, Guid clusterId)
    {
        if (identity.Node != node)
            throw new NodeDirectoryException(NodeDirectoryError.OtherNode, path,
                $"The data directory '{path}' belongs to node '{identity.Node}', not to '{node}'. Start it under its own name, or give '{node}' another directory.");
        if (identity.ClusterId != clusterId)
            throw new NodeDirectoryException(NodeDirectoryError.OtherCluster, path,
                $"The data directory '{path}' belongs to cluster {identity.ClusterId}, not to {clusterId}. Use the directory of this cluster, or an empty one.");
    }

    private static NodeDirectoryException Translate(string path, DiskException cause) => cause switch
    {
        DiskFullException => new(NodeDirectoryError.DiskFull, path,
            $"The disk of the data directory '{path}' is full. Make space, then start again.", cause),
        { Errno: Posix.Erofs or Posix.Eacces or Posix.Eperm } or { InnerException: UnauthorizedAccessException } => new(NodeDirectoryError.ReadOnly, path,
            $"The data directory '{path}' cannot be written ({cause.Message.TrimEnd('.')}). Give this user the right to write it, or use another directory.", cause),
        _ => new(NodeDirectoryError.Unusable, path, $"The data directory '{path}' cannot be used: {cause.Message}", cause),
    };
}
