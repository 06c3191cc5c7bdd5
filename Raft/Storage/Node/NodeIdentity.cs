using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quorleans.Raft.Storage;

/// <summary>Who a data directory is, as it stands in its <c>node.json</c>.</summary>
/// <param name="FormatVersion">The format of everything in the directory.</param>
/// <param name="ClusterId">The cluster.</param>
/// <param name="Node">The node's name, such as <c>n1</c>.</param>
/// <param name="NodeId">Random: this disk, and no other under the same name.</param>
public sealed record NodeIdentity(
    [property: JsonRequired] int FormatVersion,
    [property: JsonRequired] Guid ClusterId,
    [property: JsonRequired] string Node,
    [property: JsonRequired] Guid NodeId)
{
    /// <summary>The format that this program writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The name of the file.</summary>
    public const string FileName = "node.json";

    private const int MaximumBytes = 64 * 1024;

    /// <summary>Reads the identity.</summary>
    /// <param name="disk">The data directory.</param>
    /// <returns>Null when there is no <c>node.json</c>.</returns>
    /// <exception cref="NodeDirectoryException">It is malformed or of a newer format.</exception>
    /// <exception cref="DiskException">It cannot be read.</exception>
    public static NodeIdentity? Read(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (!disk.Exists(FileName)) return null;
        byte[] bytes;
        using (IDiskFile file = disk.Open(FileName))
        {
            if (file.Length > MaximumBytes) throw Malformed(disk, "it is too long");
            bytes = new byte[file.Length];
            if (file.Read(0, bytes) != bytes.Length) throw Malformed(disk, "it changed while it was read");
        }

        try
        {
            // The version first: a newer format may have changed everything else.
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("formatVersion", out JsonElement version)
                && version.TryGetInt32(out int format) && format > CurrentFormat)
                throw new NodeDirectoryException(NodeDirectoryError.NewerFormat, disk.Path,
                    $"The data directory '{disk.Path}' has format {format}; this program knows up to {CurrentFormat}. Use the newer program that wrote it, or another directory.");
            NodeIdentity identity = JsonSerializer.Deserialize(bytes, NodeIdentityJson.Default.NodeIdentity) ?? throw Malformed(disk, "it is null");
            if (identity.FormatVersion < 1 || string.IsNullOrEmpty(identity.Node) || identity.NodeId == Guid.Empty || identity.ClusterId == Guid.Empty)
                throw Malformed(disk, "a value is missing");
            return identity;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw Malformed(disk, cause.Message.TrimEnd('.'), cause);
        }
    }

    /// <summary>Writes the identity, durably and atomically.</summary>
    /// <param name="disk">The data directory.</param>
    /// <exception cref="DiskException">It cannot be written.</exception>
    public void Write(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        const string Temporary = FileName + ".tmp";
        using (IDiskFile file = disk.Create(Temporary))
        {
            file.Write(0, JsonSerializer.SerializeToUtf8Bytes(this, NodeIdentityJson.Default.NodeIdentity));
            file.Sync();
        }

        disk.Rename(Temporary, FileName);
        disk.SyncDirectory();
    }

    private static NodeDirectoryException Malformed(IDisk disk, string what, Exception? inner = null) => new(
        NodeDirectoryError.Malformed, disk.Path,
        $"'{System.IO.Path.Combine(disk.Path, FileName)}' cannot be understood: {what}. Restore it from a copy; a node without it must join as a new one, with an empty directory.", inner);
}

/// <summary>The JSON form of <see cref="NodeIdentity"/>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeIdentity))]
internal sealed partial class NodeIdentityJson : JsonSerializerContext;
