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

    /// <summary>Reads the description, or creates the cluster: its id, and the nodes' directories with their random ids.</summary>
    /// <param name="directory">The cluster's data directory.</param>
    /// <param name="nodes">The nodes.</param>
    /// <exception cref="ClusterException">It is unreadable, of a newer format, or of other nodes.</exception>
    /// <exception cref="NodeDirectoryException">A node's directory cannot be used.</exception>
    public static ClusterDescription LoadOrCreate(string directory, IReadOnlyList<NodeOptions> nodes)
    {
        try
        {
            Directory.CreateDirectory(directory);
            PosixDisk disk = new(directory);
            return disk.Exists(FileName) ? Load(disk, nodes) : Create(disk, nodes);
        }
        catch (Exception cause) when (cause is DiskException or UnauthorizedAccessException or IOException)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"The data directory '{directory}' cannot be used: {cause.Message}", cause);
        }
    }

    private static ClusterDescription Load(PosixDisk disk, IReadOnlyList<NodeOptions> nodes)
    {
        string path = Path.Combine(disk.Path, FileName);
        ClusterDescription description;
        try
        {
            using IDiskFile file = disk.Open(FileName);
            byte[] bytes = new byte[Math.Min(file.Length, 1 << 20)];
            file.Read(0, bytes);
            description = JsonSerializer.Deserialize<ClusterDescription>(bytes, Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException cause)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"'{path}' is damaged: {cause.Message} Restore it from a copy, or use another data directory.", cause);
        }

        if (description.FormatVersion > 1)
            throw new ClusterException(ClusterError.DataDirectory, $"'{path}' has format {description.FormatVersion}; this program knows up to 1. Use the newer program that wrote it.");
        string[] recorded = [.. description.Nodes.Select(static node => node.Name)], asked = [.. nodes.Select(static node => node.Name)];
        if (!recorded.SequenceEqual(asked))
            throw new ClusterException(ClusterError.DataDirectory, $"The cluster in '{disk.Path}' has the nodes {string.Join(", ", recorded)}, not {string.Join(", ", asked)}. Start it with --nodes {recorded.Length}, or use another data directory.");
        return description;
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
