using System.Collections.Immutable;

namespace Quorleans.KeyValue;

/// <summary>
/// The encoding of what the shard controller is told and tells, version 1; <c>u</c> and <c>bytes</c> as in <see cref="KeyValueCodec"/>. Every
/// well-formed message has one encoding only: lists are in ascending order, and nothing follows the end.
/// <code>
/// command  = 0x40  version(1 byte)  kind(1 byte)  [client(16)  u sequence (1..)  u sequence-floor (1..)  u deadline]  body
///   body   = u count (u gid (1..)  u count (name)*)*           1 Join, by gid            session
///          | u count (u gid)*                                  2 Leave, by gid           session
///          | u shard  u gid                                    3 Move                    session
///          |                                                   4 Rebalance               session
///          | name                                              5 RemoveNode              session
///          | node                                             16 RegisterNode
///          | u shard  u move                                  17 MoveCommitted, 18 MoveAborted
///          | u gid  u incarnation                             19 GroupActive
///          | u gid  u incarnation  u version  u count node*   20 MembersChanged
///          | u gid  u incarnation  name                       21 GroupCleaned
/// query    = 0x41  version  kind  body
///   body   = u number+1                                        1 configuration
///          | u knownRevision+1                                 2 map
///          | kind(1 byte)  body of that command                3 plan, of a Join, Leave, Move or Rebalance
/// result   = 0x42  version  status(1 byte)  u number  bytes subject
/// answer   = 0x43  version  kind  body
///   body   = u first  flag(1 byte)  [configuration]            1 configuration
///          | u revision  flag(1 byte)  [map]                   2 map
///          | result without its first two bytes  u count (u shard  u from  u to  u owner)*    3 plan
/// name     = bytes (visible ASCII)        node = name  id(16)
/// configuration = u number  u count (u gid)*  u count (u gid  u incarnation  u count name*)*
/// map      = u revision  u number  u count (u owner  u epoch  u target  u move  u moveTo)*  groups  groups(gone)  u count node*
/// groups   = u count (u gid  u incarnation  phase(1 byte)  u version  u count node*)*
/// </code>
/// </summary>
public static partial class ControllerCodec
{
    /// <summary>The format that this program writes, and the newest that it reads.</summary>
    public const byte Version = 1;

    /// <summary>The first byte of a command.</summary>
    public const byte Command = 0x40;

    /// <summary>The first byte of a query.</summary>
    public const byte Query = 0x41;

    /// <summary>The first byte of a command's result.</summary>
    public const byte Result = 0x42;

    /// <summary>The first byte of a query's answer.</summary>
    public const byte Answer = 0x43;

    private static PayloadWriter Begin(byte first)
    {
        var writer = new PayloadWriter(128);
        writer.Byte(first);
        writer.Byte(Version);
        return writer;
    }

    private static ValidationError CheckHeader(ref PayloadReader reader, byte expected, string name)
    {
        byte first = reader.Byte();
        byte version = reader.Byte();
        if (reader.Failed || first != expected)
            return KeyValueCodec.Malformed($"The bytes are no {name} of the shard controller (first byte 0x{first:x2}, expected 0x{expected:x2}).");
        if (version > Version)
            return new ValidationError(ValidationReason.NewerVersion, $"The {name} of the shard controller has format {version}; this program knows up to {Version}. Upgrade it.");
        return version == 0 ? KeyValueCodec.Malformed($"The {name} of the shard controller has format 0, which never was.") : default;
    }

    private static ValidationError Broken(string name) => KeyValueCodec.Malformed($"The {name} of the shard controller is malformed: it ends too early, is too long, or a number, name or order in it is wrong.");

    // A count is never larger than the bytes that follow, since everything counted takes at least one: hostile counts cost nothing.
    private static int Count(ref PayloadReader reader) => (int)reader.Varint(reader.Remaining);

    private static void WriteName(PayloadWriter writer, string name)
    {
        writer.Varint((long)name.Length);
        Span<byte> bytes = writer.Reserve(name.Length);
        for (int i = 0; i < name.Length; i++) bytes[i] = (byte)name[i];
    }

    private static string? ReadName(ref PayloadReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Bytes();
        if (bytes.IsEmpty || bytes.Length > ControllerLimits.MaxNodeNameBytes) return null;
        string name = string.Create(bytes.Length, bytes, static (chars, source) =>
        {
            for (int i = 0; i < chars.Length; i++) chars[i] = (char)source[i];
        });
        return ControllerNode.IsName(name) ? name : null;
    }

    private static void WriteNames(PayloadWriter writer, ImmutableArray<string> names)
    {
        writer.Varint((long)names.Length);
        foreach (string name in names) WriteName(writer, name);
    }

    private static bool ReadNames(ref PayloadReader reader, out ImmutableArray<string> names)
    {
        int count = Count(ref reader);
        ImmutableArray<string>.Builder builder = ImmutableArray.CreateBuilder<string>(Math.Min(count, 16));
        for (int i = 0; i < count; i++)
        {
            if (ReadName(ref reader) is not { } name)
            {
                names = [];
                return false;
            }

            builder.Add(name);
        }

        names = builder.DrainToImmutable();
        return !reader.Failed;
    }

    internal static void WriteNodes(PayloadWriter writer, ImmutableArray<ControllerNode> nodes)
    {
        writer.Varint((long)nodes.Length);
        foreach (ControllerNode node in nodes) WriteNode(writer, node);
    }

    internal static bool ReadNodes(ref PayloadReader reader, out ImmutableArray<ControllerNode> nodes)
    {
        int count = Count(ref reader);
        ImmutableArray<ControllerNode>.Builder builder = ImmutableArray.CreateBuilder<ControllerNode>(Math.Min(count, 16));
        for (int i = 0; i < count; i++)
        {
            if (!ReadNode(ref reader, out ControllerNode node))
            {
                nodes = [];
                return false;
            }

            builder.Add(node);
        }

        nodes = builder.DrainToImmutable();
        return !reader.Failed;
    }

    private static void WriteNode(PayloadWriter writer, ControllerNode node)
    {
        WriteName(writer, node.Name);
        node.NodeId.TryWriteBytes(writer.Reserve(16), bigEndian: true, out _);
    }

    private static bool ReadNode(ref PayloadReader reader, out ControllerNode node)
    {
        string? name = ReadName(ref reader);
        ReadOnlySpan<byte> id = reader.Raw(16);
        node = name is null || reader.Failed ? default : new ControllerNode(name, new Guid(id, bigEndian: true));
        return node.Name is not null;
    }

    private static int ReadGid(ref PayloadReader reader) => (int)reader.Varint(int.MaxValue);
}
