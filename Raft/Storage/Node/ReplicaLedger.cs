using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quorleans.Raft.Storage;

/// <summary>A member that this disk is, or was.</summary>
/// <param name="Group">The group's name.</param>
/// <param name="Incarnation">The group's incarnation.</param>
/// <param name="Member">The member's id in it.</param>
/// <param name="Removed">Whether the group has removed it. Then its log is gone by intention, and otherwise by misfortune.</param>
/// <param name="Others">When removed: nodes, separated by blanks, that had the group's other members, so that clients can be sent there.</param>
public sealed record LedgerEntry(
    [property: JsonRequired] string Group, [property: JsonRequired] long Incarnation, [property: JsonRequired] int Member, bool Removed, string? Others = null);

/// <summary>
/// Which members this disk is and was, in its <c>replicas.json</c>: what must survive the loss of the log itself. A member that began here once and has no log
/// any more has forgotten its votes, and must never begin again; only another member, with a younger id, may. Written before a replica answers anything. Any thread may call.
/// </summary>
public sealed class ReplicaLedger
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "replicas.json";

    private const string Temporary = FileName + ".tmp";
    private const int CurrentFormat = 1;
    private const int ChecksumBytes = 10; // a line of its own: eight hexadecimal digits between line ends
    private const int MaximumBytes = 16 << 20;
    private readonly IDisk _disk;
    private readonly Lock _writing = new();
    private volatile ImmutableSortedDictionary<string, LedgerEntry> _entries = ImmutableSortedDictionary.Create<string, LedgerEntry>(StringComparer.Ordinal);

    private ReplicaLedger(IDisk disk) => _disk = disk;

    /// <summary>Reads the ledger; it is empty when there is none.</summary>
    /// <param name="disk">The node's data directory.</param>
    /// <exception cref="NodeDirectoryException">It is malformed, or of a newer format.</exception>
    /// <exception cref="DiskException">It cannot be read.</exception>
    public static ReplicaLedger Read(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ReplicaLedger ledger = new(disk);
        if (disk.Exists(Temporary)) disk.Delete(Temporary); // of a note that a crash cut off
        if (!disk.Exists(FileName)) return ledger;
        byte[] bytes;
        using (IDiskFile file = disk.Open(FileName))
        {
            if (file.Length > MaximumBytes) throw Malformed(disk, "it is too long");
            bytes = new byte[file.Length];
            if (file.Read(0, bytes) != bytes.Length) throw Malformed(disk, "it changed while it was read");
        }

        if (bytes.Length < ChecksumBytes || !bytes.AsSpan(bytes.Length - ChecksumBytes).SequenceEqual(Checksum(bytes.AsSpan(0, bytes.Length - ChecksumBytes))))
            throw Malformed(disk, "its checksum is wrong");
        bytes = bytes[..^ChecksumBytes];
        try
        {
            using (JsonDocument document = JsonDocument.Parse(bytes))
            {
                if (document.RootElement.TryGetProperty("formatVersion", out JsonElement version) && version.TryGetInt32(out int format) && format > CurrentFormat)
                    throw new NodeDirectoryException(NodeDirectoryError.NewerFormat, disk.Path,
                        $"'{Path.Combine(disk.Path, FileName)}' has format {format}; this program knows up to {CurrentFormat}. Use the newer program that wrote it.");
            }

            LedgerFile file = JsonSerializer.Deserialize(bytes, LedgerJson.Default.LedgerFile) ?? throw Malformed(disk, "it is null");
            foreach (LedgerEntry entry in file.Replicas)
            {
                if (string.IsNullOrEmpty(entry.Group) || entry.Member <= 0 || ledger._entries.ContainsKey(entry.Group)) throw Malformed(disk, "an entry makes no sense");
                ledger._entries = ledger._entries.Add(entry.Group, entry);
            }

            return ledger;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw Malformed(disk, cause.Message.TrimEnd('.'), cause);
        }
    }

    /// <summary>The youngest member of a group that this disk ever was, or null.</summary>
    public LedgerEntry? Find(string group) => _entries.GetValueOrDefault(group);

    /// <summary>Whether this disk may become a member: a younger one than any before, in this incarnation of the group or a later one.</summary>
    /// <param name="group">The group.</param>
    /// <param name="member">The member's id.</param>
    public bool MayBecome(GroupId group, MemberId member) =>
        Find(group.Name) is not { } past || past.Incarnation < group.Incarnation || (past.Incarnation == group.Incarnation && past.Member < member.Value);

    /// <summary>Notes a member, durably and atomically.</summary>
    /// <param name="entry">The entry; replaces the group's older one.</param>
    /// <exception cref="DiskException">It cannot be written. Then it is as if nothing had been noted.</exception>
    public void Note(LedgerEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_writing)
        {
            if (entry == Find(entry.Group)) return;
            ImmutableSortedDictionary<string, LedgerEntry> entries = _entries.SetItem(entry.Group, entry);
            byte[] content = JsonSerializer.SerializeToUtf8Bytes(new LedgerFile(CurrentFormat, [.. entries.Values]), LedgerJson.Default.LedgerFile);
            using (IDiskFile file = _disk.Create(Temporary))
            {
                file.Write(0, [.. content, .. Checksum(content)]);
                file.Sync();
            }

            _disk.Rename(Temporary, FileName);
            _disk.SyncDirectory();
            _entries = entries;
        }
    }

    private static byte[] Checksum(ReadOnlySpan<byte> bytes) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n{Crc32C.Append(uint.MaxValue, bytes):X8}\n"));

    private static NodeDirectoryException Malformed(IDisk disk, string what, Exception? inner = null) => new(
        NodeDirectoryError.Malformed, disk.Path,
        $"'{Path.Combine(disk.Path, FileName)}' cannot be understood: {what}. Restore it from a copy; without it nobody knows which members have run here, so give the node an empty directory and replace its members.", inner);
}

/// <summary>The form of the file.</summary>
internal sealed record LedgerFile([property: JsonRequired] int FormatVersion, [property: JsonRequired] IReadOnlyList<LedgerEntry> Replicas);

/// <summary>The JSON form of <see cref="ReplicaLedger"/>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LedgerFile))]
internal sealed partial class LedgerJson : JsonSerializerContext;
