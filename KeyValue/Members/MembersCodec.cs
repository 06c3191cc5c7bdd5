using System.Text;

namespace Quorleans.KeyValue.Members;

/// <summary>
/// How commands, queries and answers of the membership table are written (u: a number, as in <see cref="PayloadWriter"/>; z: a signed one, zigzag; s, b: text or bytes with
/// their length in front):
/// <code>
/// insert = 0x01 write     update = 0x02 write  u rowEtag     alive = 0x03  s silo  z age     retire = 0x04  s node     defunct = 0x05  z age     all = 0x06
/// take   = 0x07  s node  z lease     end = 0x08  s node     add = 0x09 node     remove = 0x0a  s node
/// write  = request(16)  u tableEtag  u tableVersion  s silo  s node  u status  z aliveAge  z signAge  b entry
/// node   = s name  s address  u silo  u gateway  u http  u peer
/// query  = 0x41 | 0x42  s silo | 0x43
/// result = status(1)      answer = u version  u etag  u count row*      row = s silo  s node  u status  u etag  z written  z alive  z sign  b entry
/// nodes  = u version  u count node*  u count (s name)*
/// </code>
/// </summary>
public static class MembersCodec
{
    private const byte Insert = 1, Update = 2, Alive = 3, Retire = 4, Defunct = 5, All = 6, Take = 7, End = 8, Add = 9, Remove = 10, ReadTable = 0x41, ReadOne = 0x42, ReadAdded = 0x43;
    private const int GuidBytes = 16, MaxPort = 65535;

    /// <summary>The query for the whole table.</summary>
    public static byte[] ReadAll() => [ReadTable];

    /// <summary>The query for one row, with the table's version.</summary>
    /// <param name="silo">The silo's address.</param>
    public static byte[] ReadRow(string silo)
    {
        PayloadWriter writer = new(64);
        writer.Byte(ReadOne);
        Text(writer, silo);
        return writer.ToArray();
    }

    /// <summary>The query for the nodes that were added and removed.</summary>
    public static byte[] ReadNodes() => [ReadAdded];

    /// <summary>Whether a query is the one for the nodes.</summary>
    public static bool IsReadNodes(ReadOnlySpan<byte> payload) => payload is [ReadAdded];

    /// <summary>Writes a command.</summary>
    public static byte[] Encode(MembersCommand command)
    {
        PayloadWriter writer = new();
        switch (command)
        {
            case InsertRow insert:
                Write(writer, Insert, insert);
                break;
            case UpdateRow update:
                Write(writer, Update, update);
                writer.Varint(update.RowEtag);
                break;
            case KeepAlive alive:
                writer.Byte(Alive);
                Text(writer, alive.Silo);
                Signed(writer, alive.AgeMs);
                break;
            case RetireNode retire:
                writer.Byte(Retire);
                Text(writer, retire.Node);
                break;
            case RemoveDefunct defunct:
                writer.Byte(Defunct);
                Signed(writer, defunct.AgeMs);
                break;
            case RemoveAll:
                writer.Byte(All);
                break;
            case TakeTurn take:
                writer.Byte(Take);
                Text(writer, take.Node);
                Signed(writer, take.LeaseMs);
                break;
            case EndTurn end:
                writer.Byte(End);
                Text(writer, end.Node);
                break;
            case AddNode add:
                writer.Byte(Add);
                Write(writer, add.Node);
                break;
            case RemoveNode remove:
                writer.Byte(Remove);
                Text(writer, remove.Node);
                break;
            default:
                throw new ArgumentException("That is no command of the membership table.", nameof(command));
        }

        return writer.ToArray();
    }

    /// <summary>Reads a command.</summary>
    /// <param name="payload">From anybody.</param>
    /// <returns>Null when it is malformed or over a limit.</returns>
    public static MembersCommand? TryReadCommand(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length > MembersLimits.MaxRequestBytes) return null;
        PayloadReader reader = new(payload.Span);
        MembersCommand? command = reader.Byte() switch
        {
            Insert => ReadInsert(ref reader, payload),
            Update => ReadUpdate(ref reader, payload),
            Alive => new KeepAlive(Text(ref reader), Age(ref reader)),
            Retire => new RetireNode(Text(ref reader)),
            Defunct => new RemoveDefunct(Age(ref reader)),
            All => new RemoveAll(),
            Take => new TakeTurn(Text(ref reader), Age(ref reader)),
            End => new EndTurn(Text(ref reader)),
            Add => new AddNode(ReadNode(ref reader)),
            Remove => new RemoveNode(Text(ref reader)),
            _ => null,
        };
        bool isNamed = command is not (WriteRow { Silo: "" } or WriteRow { Node: "" } or KeepAlive { Silo: "" } or RetireNode { Node: "" } or TakeTurn { Node: "" } or EndTurn { Node: "" }
            or AddNode { Node: { Name: "" } or { Address: "" } } or RemoveNode { Node: "" });
        return reader.AtEnd && isNamed ? command : null;
    }

    /// <summary>Reads a query.</summary>
    /// <param name="payload">From anybody.</param>
    /// <param name="silo">The silo that is asked for; null: all.</param>
    /// <returns>Whether it is well-formed.</returns>
    public static bool TryReadQuery(ReadOnlySpan<byte> payload, out string? silo)
    {
        PayloadReader reader = new(payload);
        byte kind = reader.Byte();
        silo = kind == ReadOne ? Text(ref reader) : null;
        return reader.AtEnd && (kind == ReadTable || (kind == ReadOne && silo!.Length > 0));
    }

    /// <summary>Writes what became of a command.</summary>
    public static byte[] Encode(MembersStatus status) => [(byte)status];

    /// <summary>Reads what became of a command.</summary>
    /// <exception cref="InvalidDataException">These are other bytes.</exception>
    public static MembersStatus ReadStatus(ReadOnlySpan<byte> result) =>
        result is [>= (byte)MembersStatus.Done and <= (byte)MembersStatus.Removed] ? (MembersStatus)result[0] : throw new InvalidDataException("That is no result of the membership table.");

    /// <summary>Writes an answer.</summary>
    public static byte[] Encode(MembersAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        PayloadWriter writer = new();
        Write(writer, answer);
        return writer.ToArray();
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="payload">The bytes; the entries are slices of it.</param>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static MembersAnswer ReadAnswer(ReadOnlyMemory<byte> payload)
    {
        PayloadReader reader = new(payload.Span);
        MembersAnswer answer = Read(ref reader, payload);
        return reader.AtEnd ? answer : throw new InvalidDataException("That is no answer of the membership table.");
    }

    /// <summary>Writes which nodes were added and removed.</summary>
    public static byte[] Encode(NodesAnswer nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        PayloadWriter writer = new();
        Write(writer, nodes);
        return writer.ToArray();
    }

    /// <summary>Reads which nodes were added and removed.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static NodesAnswer ReadNodes(ReadOnlySpan<byte> payload)
    {
        PayloadReader reader = new(payload);
        NodesAnswer nodes = ReadNodes(ref reader);
        return reader.AtEnd ? nodes : throw new InvalidDataException("That is no list of nodes.");
    }

    internal static void Write(PayloadWriter writer, NodesAnswer nodes)
    {
        writer.Varint(nodes.Version);
        writer.Varint((long)nodes.Nodes.Count);
        foreach (MemberNode node in nodes.Nodes) Write(writer, node);
        writer.Varint((long)nodes.Removed.Count);
        foreach (string name in nodes.Removed) Text(writer, name);
    }

    internal static NodesAnswer ReadNodes(ref PayloadReader reader)
    {
        long version = reader.Varint();
        int count = (int)reader.Varint(MembersLimits.MaxNodes);
        List<MemberNode> nodes = [];
        for (int i = 0; i < count && !reader.Failed; i++) nodes.Add(ReadNode(ref reader));
        int names = (int)reader.Varint(MembersLimits.MaxRemovedNodes);
        List<string> removed = [];
        for (int i = 0; i < names && !reader.Failed; i++) removed.Add(Text(ref reader));
        return new NodesAnswer(version, nodes, removed);
    }

    private static void Write(PayloadWriter writer, MemberNode node)
    {
        Text(writer, node.Name);
        Text(writer, node.Address);
        foreach (int port in node.Ports) writer.Varint((long)port);
    }

    private static MemberNode ReadNode(ref PayloadReader reader) => new(Text(ref reader), Text(ref reader), Port(ref reader), Port(ref reader), Port(ref reader), Port(ref reader));

    private static int Port(ref PayloadReader reader) => (int)reader.Varint(MaxPort);

    internal static void Write(PayloadWriter writer, MembersAnswer answer)
    {
        writer.Varint((long)answer.Version);
        writer.Varint(answer.Etag);
        writer.Varint((long)answer.Rows.Count);
        foreach (MembersRow row in answer.Rows)
        {
            Text(writer, row.Silo);
            Text(writer, row.Node);
            writer.Varint((long)row.Status);
            writer.Varint(row.Etag);
            Signed(writer, row.WrittenMs);
            Signed(writer, row.AliveMs);
            Signed(writer, row.SignMs);
            writer.Bytes(row.Entry.Span);
        }
    }

    internal static MembersAnswer Read(ref PayloadReader reader, ReadOnlyMemory<byte> source)
    {
        int version = (int)reader.Varint(int.MaxValue);
        long etag = reader.Varint();
        int count = (int)reader.Varint(MembersLimits.MaxRows);
        List<MembersRow> rows = [];
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            rows.Add(new MembersRow
            {
                Silo = Text(ref reader), Node = Text(ref reader), Status = (int)reader.Varint(int.MaxValue), Etag = reader.Varint(),
                WrittenMs = Signed(ref reader), AliveMs = Signed(ref reader), SignMs = Signed(ref reader), Entry = Bytes(ref reader, source),
            });
        }

        return new MembersAnswer(version, etag, rows);
    }

    private static void Write(PayloadWriter writer, byte kind, WriteRow write)
    {
        writer.Byte(kind);
        write.Request.TryWriteBytes(writer.Reserve(GuidBytes));
        writer.Varint(write.TableEtag);
        writer.Varint((long)write.TableVersion);
        Text(writer, write.Silo);
        Text(writer, write.Node);
        writer.Varint((long)write.Status);
        Signed(writer, write.AliveAgeMs);
        Signed(writer, write.SignAgeMs);
        writer.Bytes(write.Entry.Span);
    }

    private static InsertRow ReadInsert(ref PayloadReader reader, ReadOnlyMemory<byte> source) => new()
    {
        Request = Id(ref reader), TableEtag = reader.Varint(), TableVersion = (int)reader.Varint(int.MaxValue), Silo = Text(ref reader), Node = Text(ref reader),
        Status = (int)reader.Varint(byte.MaxValue), AliveAgeMs = Age(ref reader), SignAgeMs = Age(ref reader), Entry = Bytes(ref reader, source),
    };

    private static UpdateRow ReadUpdate(ref PayloadReader reader, ReadOnlyMemory<byte> source) => new()
    {
        Request = Id(ref reader), TableEtag = reader.Varint(), TableVersion = (int)reader.Varint(int.MaxValue), Silo = Text(ref reader), Node = Text(ref reader),
        Status = (int)reader.Varint(byte.MaxValue), AliveAgeMs = Age(ref reader), SignAgeMs = Age(ref reader), Entry = Bytes(ref reader, source), RowEtag = reader.Varint(),
    };

    private static Guid Id(ref PayloadReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(GuidBytes);
        return bytes.IsEmpty ? Guid.Empty : new Guid(bytes);
    }

    internal static void Text(PayloadWriter writer, string text) => writer.Bytes(Encoding.UTF8.GetBytes(text));

    internal static string Text(ref PayloadReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Bytes();
        if (bytes.Length <= MembersLimits.MaxNameBytes) return Encoding.UTF8.GetString(bytes);
        reader.Raw(-1); // fails, and all that follows with it
        return "";
    }

    private static ReadOnlyMemory<byte> Bytes(ref PayloadReader reader, ReadOnlyMemory<byte> source)
    {
        int length = reader.Bytes().Length;
        if (length <= MembersLimits.MaxEntryBytes) return source.Slice(reader.Position - length, length);
        reader.Raw(-1);
        return default;
    }

    internal static void Signed(PayloadWriter writer, long value) => writer.Varint((ulong)((value << 1) ^ (value >> 63)));

    internal static long Signed(ref PayloadReader reader)
    {
        ulong value = (ulong)reader.Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static long Age(ref PayloadReader reader)
    {
        long age = Signed(ref reader);
        if (age is >= -MembersLimits.MaxAgeMs and <= MembersLimits.MaxAgeMs) return age;
        reader.Raw(-1);
        return 0;
    }
}
