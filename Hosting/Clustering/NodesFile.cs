using System.Text.Json;
using Quorleans.KeyValue.Members;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>
/// Which nodes were added and removed, as a node saw it last: <c>nodes.json</c> in its data directory. The group <c>members</c> keeps the list, but its nodes must find each
/// other before it can be asked, and some of them may have been added.
/// </summary>
internal static class NodesFile
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "nodes.json";

    private const int Format = 1;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Reads it.</summary>
    /// <param name="directory">The node's data directory.</param>
    /// <exception cref="ClusterException">It is unreadable, damaged or of a newer format.</exception>
    public static NodesAnswer Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            if (!File.Exists(path)) return NodesAnswer.None;
            FileText text = JsonSerializer.Deserialize<FileText>(File.ReadAllBytes(path), Json) ?? throw new JsonException("it is null.");
            // A cluster that has been upgraded may go on for a while with nodes that were not, but not on a file that one of those cannot read.
            if (text.FormatVersion > Format)
                throw new ClusterException(ClusterError.DataDirectory, $"'{path}' has format {text.FormatVersion}; this program knows up to {Format}. Use the newer program that wrote it.");
            return text is { FormatVersion: > 0, Nodes: { } nodes, Removed: { } removed } ? new NodesAnswer(text.Version, nodes, removed) : throw new JsonException("a value is missing.");
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException or JsonException)
        {
            throw new ClusterException(ClusterError.DataDirectory, $"'{path}' cannot be used: {cause.Message} It is a copy of what the cluster knows: delete it, and the node fetches it again.", cause);
        }
    }

    /// <summary>Writes it, durably and atomically.</summary>
    /// <param name="directory">The node's data directory.</param>
    /// <param name="nodes">What it shall say.</param>
    /// <exception cref="DiskException">The directory cannot be written.</exception>
    public static void Write(string directory, NodesAnswer nodes)
    {
        const string temporary = FileName + ".tmp";
        PosixDisk disk = new(directory);
        disk.Delete(temporary);
        using (IDiskFile file = disk.Create(temporary))
        {
            file.Write(0, JsonSerializer.SerializeToUtf8Bytes(new FileText(Format, nodes.Version, nodes.Nodes, nodes.Removed), Json));
            file.Sync();
        }

        disk.Rename(temporary, FileName);
        disk.SyncDirectory();
    }

    private sealed record FileText(int FormatVersion, long Version, IReadOnlyList<MemberNode>? Nodes, IReadOnlyList<string>? Removed);
}
