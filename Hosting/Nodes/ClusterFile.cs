using System.Text.Json;
using Quorleans.Grains.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>
/// The description of a cluster, <c>cluster.json</c>: in the data directory of an embedded cluster, or in that of each node that is a process of its own. Written last when
/// a cluster is created, so that a creation that was cut off leaves no cluster behind, and is done again.
/// </summary>
internal static class ClusterFile
{
    private const string FileName = "cluster.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    // What a node's directory holds before its log was ever opened.
    private static readonly string[] Newborn = [NodeIdentity.FileName, "node.lock", "node.pid", FileName + ".tmp"];

    /// <summary>Reads the description.</summary>
    /// <param name="directory">The cluster's data directory.</param>
    /// <returns>Null when there is no such directory, or no cluster in it.</returns>
    /// <exception cref="ClusterException">It is unreadable, damaged or of a newer format.</exception>
    public static ClusterDescription? Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            return File.Exists(path) ? Parse(path, File.ReadAllBytes(path)) : null;
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"'{path}' cannot be read: {cause.Message}", cause);
        }
    }

    /// <summary>Creates the cluster: its id, and the nodes' directories with their random ids.</summary>
    /// <param name="directory">The cluster's data directory.</param>
    /// <param name="nodes">The nodes.</param>
    /// <exception cref="ClusterException">The directory cannot be written, or holds a node's data but no description.</exception>
    /// <exception cref="NodeDirectoryException">A node's directory cannot be used.</exception>
    public static ClusterDescription Create(string directory, IReadOnlyList<NodeOptions> nodes)
    {
        try
        {
            Directory.CreateDirectory(directory);
            RefuseOrphans(directory, nodes);
            return Create(new PosixDisk(directory), nodes);
        }
        catch (DiskFullException cause)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"The disk of the data directory '{directory}' is full. Make space, then start again.", cause);
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException)
        {
            throw new ClusterException(ClusterError.DataDirectory,
                $"The data directory '{directory}' cannot be used ({cause.Message.TrimEnd('.')}). It must be a directory that this user may write.", cause);
        }
    }

    /// <summary>Writes the description that a node has got from another one, or has made with others, durably and atomically.</summary>
    /// <param name="directory">The node's data directory.</param>
    /// <param name="description">The description.</param>
    /// <exception cref="ClusterException">The directory cannot be written.</exception>
    public static void Write(string directory, ClusterDescription description)
    {
        try
        {
            Write(new PosixDisk(directory), description);
        }
        catch (DiskException cause)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"The data directory '{directory}' cannot be written: {cause.Message}", cause);
        }
    }

    /// <summary>Takes its identity from a node's directory that has never run, so that it may get another one.</summary>
    /// <param name="directory">The node's data directory.</param>
    /// <exception cref="ClusterException">It holds data: then it belongs where it belongs.</exception>
    public static void ForgetNewborn(string directory)
    {
        if (FindData(directory) is { } data)
            throw new ClusterException(ClusterError.OtherCluster, $"The data directory '{directory}' holds data ('{data}') of another cluster. Use the directory of this cluster, or an empty one.");
        PosixDisk disk = new(directory);
        disk.Delete(NodeIdentity.FileName);
        disk.SyncDirectory();
    }

    /// <summary>A file of a directory that shows that a node has run in it, or null.</summary>
    internal static string? FindData(string directory) =>
        !Directory.Exists(directory) ? null : Directory.EnumerateFiles(directory).Select(Path.GetFileName).FirstOrDefault(static name => !Newborn.Contains(name));

    private static ClusterDescription Parse(string path, byte[] bytes)
    {
        try
        {
            // The version first: a newer format may have changed everything else.
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.TryGetProperty("formatVersion", out JsonElement version) && version.TryGetInt32(out int format) && format > 1)
                throw new ClusterException(ClusterError.DataDirectory, $"'{path}' has format {format}; this program knows up to 1. Use the newer program that wrote it, or another data directory.");
            ClusterDescription description = JsonSerializer.Deserialize<ClusterDescription>(bytes, Json) ?? throw new JsonException("it is null.");
            if (description.ClusterId == Guid.Empty || description.Nodes is not { Count: > 0 } || description.Members is null) throw new JsonException("a value is missing.");
            _ = KeyValue.ShardFunction.Parse(description.ShardFunction);
            return description.Limits.Problem() is { } problem ? throw new JsonException(problem) : description;
        }
        catch (Exception cause) when (cause is JsonException or FormatException or InvalidOperationException)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"'{path}' is damaged: {cause.Message} Restore it from a copy; it says which disks belong to the cluster.", cause);
        }
    }

    // A new description beside old logs could name a disk that was replaced meanwhile: that member would have forgotten its votes.
    private static void RefuseOrphans(string directory, IReadOnlyList<NodeOptions> nodes)
    {
        foreach (NodeOptions node in nodes)
        {
            if (NodeDirectory.Peek(node.DataDirectory) is null) continue;
            if (FindData(node.DataDirectory) is { } data)
                throw new ClusterException(ClusterError.DataDirectory, $"'{Path.Combine(directory, FileName)}' is missing, but node '{node.Name}' holds data ('{data}'). Restore that file from a copy; without it nobody knows which disks belong to the cluster.");
        }
    }

    private static ClusterDescription Create(PosixDisk disk, IReadOnlyList<NodeOptions> nodes)
    {
        // What a creation that was cut off has left: its nodes have never run, but they know the cluster's id already.
        Guid clusterId = nodes.Select(static node => NodeDirectory.Peek(node.DataDirectory)?.ClusterId).FirstOrDefault(static id => id is not null) ?? Guid.NewGuid();
        List<ClusterNode> created = [];
        foreach (NodeOptions node in nodes)
        {
            using NodeDirectory directory = NodeDirectory.Open(node.DataDirectory, node.Name, clusterId);
            created.Add(new ClusterNode(node.Name, directory.Identity.NodeId));
        }

        ClusterDescription description = new() { ClusterId = clusterId, Nodes = created };
        Write(disk, description);
        return description;
    }

    private static void Write(PosixDisk disk, ClusterDescription description)
    {
        const string temporary = FileName + ".tmp";
        disk.Delete(temporary);
        using (IDiskFile file = disk.Create(temporary))
        {
            file.Write(0, JsonSerializer.SerializeToUtf8Bytes(description, Json));
            file.Sync();
        }

        disk.Rename(temporary, FileName);
        disk.SyncDirectory();
    }
}
