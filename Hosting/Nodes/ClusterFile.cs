using System.Text.Json;
using Quorleans.Grains.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>
/// The description of an embedded cluster, <c>cluster.json</c> in its data directory. Written last when a cluster is created, so that a creation that was
/// cut off leaves no cluster behind, and is done again.
/// </summary>
internal static class ClusterFile
{
    private const string FileName = "cluster.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    // What a node's directory holds before its log was ever opened.
    private static readonly string[] Newborn = [NodeIdentity.FileName, "node.lock", "node.pid"];

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

    private static ClusterDescription Parse(string path, byte[] bytes)
    {
        try
        {
            // The version first: a newer format may have changed everything else.
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.TryGetProperty("formatVersion", out JsonElement version) && version.TryGetInt32(out int format) && format > 1)
                throw new ClusterException(ClusterError.DataDirectory, $"'{path}' has format {format}; this program knows up to 1. Use the newer program that wrote it, or another data directory.");
            ClusterDescription description = JsonSerializer.Deserialize<ClusterDescription>(bytes, Json) ?? throw new JsonException("it is null.");
            if (description.ClusterId == Guid.Empty || description.Nodes is not { Count: > 0 }) throw new JsonException("a value is missing.");
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
            string? data = Directory.EnumerateFiles(node.DataDirectory).Select(Path.GetFileName).FirstOrDefault(static name => !Newborn.Contains(name));
            if (data is not null)
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
        const string temporary = FileName + ".tmp";
        disk.Delete(temporary);
        using (IDiskFile file = disk.Create(temporary))
        {
            file.Write(0, JsonSerializer.SerializeToUtf8Bytes(description, Json));
            file.Sync();
        }

        disk.Rename(temporary, FileName);
        disk.SyncDirectory();
        return description;
    }
}
