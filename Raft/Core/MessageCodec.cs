using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Quorleans.Raft;

/// <summary>What is wrong with the bytes of a message.</summary>
public enum MessageError
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>They are no message: too short, a length beyond the end, an unknown kind, bytes left over.</summary>
    Malformed,

    /// <summary>Written in a newer format than this program knows.</summary>
    NewerVersion,

    /// <summary>Of another cluster.</summary>
    OtherCluster,

    /// <summary>Of another group, or of another incarnation of this one.</summary>
    OtherGroup,
}

/// <summary>
/// The binary form of a <see cref="RaftMessage"/>, the same over every transport. Begins with format version (1 byte), kind (1), cluster id (16), length of
/// the group's name (1), the name in ASCII, incarnation; then the sender and the fields of the kind. Numbers are LEB128, flags a byte.
/// </summary>
public static class MessageCodec
{
    /// <summary>The longest name of a group, in bytes.</summary>
    public const int MaximumGroupNameBytes = 32;

    /// <summary>
    /// How many entries one AppendEntries may have. The smallest takes four bytes on the wire and twelve times that in memory: without a limit a hostile
    /// message of 8 MiB would cost 100.
    /// </summary>
    public const int MaximumEntries = 16_384;

    /// <summary>The oldest version of a message that this program understands.</summary>
    public const byte OldestVersion = 1;

    /// <summary>The newest one. Written is the oldest that can say what is to be said, so that a node which was not upgraded yet understands it.</summary>
    public const byte NewestVersion = 1;

    private const int HeadBytes = 1 + 1 + 16; // before the group's name and its length

    /// <summary>Encodes a message.</summary>
    /// <param name="cluster">The cluster's id.</param>
    /// <param name="group">The group.</param>
    /// <param name="message">The message.</param>
    /// <returns>An array of exactly its size.</returns>
    public static byte[] Encode(Guid cluster, GroupId group, RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        MessageWriter writer = new(SizeOf(group, message));
        writer.Byte(OldestVersion);
        writer.Byte((byte)message.Kind);
        writer.Guid(cluster);
        writer.Byte((byte)group.Name.Length);
        writer.Ascii(group.Name);
        writer.Number(group.Incarnation);
        writer.Number(message.From.Value);
        writer.Number(message.To.Value);
        writer.Number(message.Term.Value);
        writer.Number(message.Sequence);
        WriteBody(ref writer, message);
        return writer.ToArray();
    }

    /// <summary>Decodes a message. Payloads and chunks are slices of <paramref name="source"/>, which must not change any more.</summary>
    /// <param name="cluster">The own cluster's id.</param>
    /// <param name="group">The group that is meant.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="message">The message, when there is no error.</param>
    /// <returns>What is wrong, or <see cref="MessageError.None"/>.</returns>
    public static MessageError TryDecode(Guid cluster, GroupId group, ReadOnlyMemory<byte> source, out RaftMessage? message)
    {
        message = null;
        MessageReader reader = new(source);
        byte version = reader.Byte();
        if (reader.Failed || version < OldestVersion) return MessageError.Malformed;
        if (version > NewestVersion) return MessageError.NewerVersion;
        MessageKind kind = (MessageKind)reader.Byte();
        Guid from = reader.Guid();
        ReadOnlySpan<byte> name = reader.Span(reader.Byte());
        long incarnation = reader.Number();
        if (reader.Failed || kind is < MessageKind.RequestVote or > MessageKind.JoinReply) return MessageError.Malformed;
        if (from != cluster) return MessageError.OtherCluster;
        if (incarnation != group.Incarnation || !Ascii.Equals(name, group.Name)) return MessageError.OtherGroup;
        message = ReadBody(ref reader, kind);
        if (!reader.Failed && reader.AtEnd) return MessageError.None;
        message = null;
        return MessageError.Malformed;
    }

    /// <summary>Whether the bytes look like a <see cref="MessageKind.Join"/>, and for which group: its receiver does not know the group yet.</summary>
    /// <param name="source">The bytes; only their head is read.</param>
    /// <param name="group">The group, when they do.</param>
    public static bool IsJoin(ReadOnlyMemory<byte> source, out GroupId group)
    {
        group = default;
        return source.Length >= 2 && source.Span[1] == (byte)MessageKind.Join && TryReadGroup(source, out group);
    }

    /// <summary>Which group a message is about, by what its head says: for a receiver that has many.</summary>
    /// <param name="source">The bytes; only their head is read.</param>
    /// <param name="group">The group, when they look like a message.</param>
    public static bool TryReadGroup(ReadOnlyMemory<byte> source, out GroupId group)
    {
        group = default;
        ReadOnlySpan<byte> name = GroupNameOf(source);
        if (name.IsEmpty || !Ascii.IsValid(name)) return false;
        MessageReader reader = new(source[(HeadBytes + 1 + name.Length)..]);
        long incarnation = reader.Number();
        if (reader.Failed) return false;
        group = new GroupId(Encoding.ASCII.GetString(name), incarnation);
        return true;
    }

    /// <summary>The name of the group that a message is about; empty when the bytes do not look like a message.</summary>
    /// <param name="source">The bytes; only their head is read.</param>
    public static ReadOnlySpan<byte> GroupNameOf(ReadOnlyMemory<byte> source)
    {
        ReadOnlySpan<byte> span = source.Span;
        if (span.Length <= HeadBytes) return [];
        int length = span[HeadBytes];
        return length <= MaximumGroupNameBytes && span.Length > HeadBytes + length ? span.Slice(HeadBytes + 1, length) : [];
    }

    /// <summary>What a message takes; exactly for those that carry most bytes, so that their array is written once and not copied.</summary>
    private static int SizeOf(GroupId group, RaftMessage m)
    {
        if (m.Kind != MessageKind.AppendEntries)
            return 128 + m.Data.Length + (m.Snapshot is null ? 0 : MembershipCodec.EncodedLength(m.Snapshot.Membership));
        int size = 19 + group.Name.Length + MessageWriter.SizeOf(group.Incarnation) + MessageWriter.SizeOf(m.From.Value) + MessageWriter.SizeOf(m.To.Value)
            + MessageWriter.SizeOf(m.Term.Value) + MessageWriter.SizeOf(m.Sequence) + MessageWriter.SizeOf(m.Index.Value) + MessageWriter.SizeOf(m.IndexTerm.Value)
            + MessageWriter.SizeOf(m.Commit.Value) + MessageWriter.SizeOf(m.ReadRound) + MessageWriter.SizeOf(m.Time.Milliseconds) + MessageWriter.SizeOf(m.Entries.Length);
        foreach (ref readonly LogEntry entry in m.Entries.AsSpan())
            size += 1 + MessageWriter.SizeOf(entry.Term.Value) + MessageWriter.SizeOf(entry.Time.Milliseconds) + MessageWriter.SizeOf(entry.Payload.Length) + entry.Payload.Length;
        return size;
    }

    private static void WriteBody(ref MessageWriter writer, RaftMessage m)
    {
        switch (m.Kind)
        {
            case MessageKind.RequestVote:
                writer.Flags(m.PreVote, m.Forced);
                writer.Number(m.Index.Value);
                writer.Number(m.IndexTerm.Value);
                break;
            case MessageKind.RequestVoteReply:
                writer.Flags(m.PreVote, m.Accepted, m.Removed);
                break;
            case MessageKind.AppendEntries:
                writer.Number(m.Index.Value);
                writer.Number(m.IndexTerm.Value);
                writer.Number(m.Commit.Value);
                writer.Number(m.ReadRound);
                writer.Number(m.Time.Milliseconds);
                writer.Number(m.Entries.Length);
                foreach (LogEntry entry in m.Entries)
                {
                    writer.Number(entry.Term.Value);
                    writer.Byte((byte)entry.Kind);
                    writer.Number(entry.Time.Milliseconds);
                    writer.Bytes(entry.Payload.Span);
                }

                break;
            case MessageKind.AppendEntriesReply:
                writer.Flags(m.Accepted, false);
                writer.Number(m.Index.Value);
                writer.Number(m.Match.Value);
                writer.Number(m.ConflictIndex.Value);
                writer.Number(m.ConflictTerm.Value);
                writer.Number(m.ReadRound);
                break;
            case MessageKind.InstallSnapshot:
                SnapshotMetadata snapshot = m.Snapshot ?? throw new ArgumentException("An InstallSnapshot without its snapshot.", nameof(m));
                writer.Number(snapshot.Index.Value);
                writer.Number(snapshot.Term.Value);
                writer.Number(snapshot.Time.Milliseconds);
                writer.Bytes(MembershipCodec.Encode(snapshot.Membership));
                writer.Number(m.Offset);
                writer.Number(m.TotalBytes);
                writer.Bytes(m.Data.Span);
                break;
            case MessageKind.InstallSnapshotReply:
                writer.Flags(m.Accepted, false);
                writer.Number(m.Offset);
                writer.Number(m.Match.Value);
                break;
            case MessageKind.Join:
                writer.Guid(m.NodeId);
                writer.Bytes(MembershipCodec.Encode(m.Initial ?? throw new ArgumentException("A Join without its configuration.", nameof(m))));
                break;
            case MessageKind.TimeoutNowReply:
            case MessageKind.JoinReply:
                writer.Flags(m.Accepted, false);
                break;
            case MessageKind.ReadIndexReply:
                writer.Flags(m.Accepted, false);
                writer.Number(m.Index.Value);
                break;
            case MessageKind.TimeoutNow:
            case MessageKind.ReadIndex:
                break;
            default:
                throw new ArgumentException($"Unknown kind {m.Kind}.", nameof(m));
        }
    }

    private static RaftMessage? ReadBody(ref MessageReader reader, MessageKind kind)
    {
        MemberId from = new(reader.Int());
        MemberId to = new(reader.Int());
        if (from.IsNone || to.IsNone) reader.Fail();
        Term term = new(reader.Number());
        long sequence = reader.Number();
        switch (kind)
        {
            case MessageKind.RequestVote:
            {
                (bool preVote, bool forced) = reader.Flags();
                return new RaftMessage
                {
                    Kind = kind, From = from, To = to, Term = term, Sequence = sequence, PreVote = preVote, Forced = forced,
                    Index = new LogIndex(reader.Number()), IndexTerm = new Term(reader.Number()),
                };
            }

            case MessageKind.RequestVoteReply:
            {
                (bool preVote, bool accepted, bool removed) = reader.ThreeFlags();
                return new RaftMessage { Kind = kind, From = from, To = to, Term = term, Sequence = sequence, PreVote = preVote, Accepted = accepted, Removed = removed };
            }

            case MessageKind.AppendEntries:
            {
                LogIndex index = new(reader.Number());
                Term indexTerm = new(reader.Number());
                return new RaftMessage
                {
                    Kind = kind, From = from, To = to, Term = term, Sequence = sequence, Index = index, IndexTerm = indexTerm,
                    Commit = new LogIndex(reader.Number()), ReadRound = reader.Number(), Time = new LogTime(reader.Number()),
                    Entries = ReadEntries(ref reader, index, indexTerm, term),
                };
            }

            case MessageKind.AppendEntriesReply:
                return new RaftMessage
                {
                    Kind = kind, From = from, To = to, Term = term, Sequence = sequence, Accepted = reader.Flags().First,
                    Index = new LogIndex(reader.Number()), Match = new LogIndex(reader.Number()), ConflictIndex = new LogIndex(reader.Number()),
                    ConflictTerm = new Term(reader.Number()), ReadRound = reader.Number(),
                };
            case MessageKind.InstallSnapshot:
                return ReadInstallSnapshot(ref reader, from, to, term, sequence);
            case MessageKind.InstallSnapshotReply:
                return new RaftMessage
                {
                    Kind = kind, From = from, To = to, Term = term, Sequence = sequence, Accepted = reader.Flags().First,
                    Offset = reader.Number(), Match = new LogIndex(reader.Number()),
                };
            case MessageKind.Join:
            {
                Guid nodeId = reader.Guid();
                bool sound = TryReadMembership(reader.Bytes(), out Membership? initial);
                if (!sound) reader.Fail();
                return new RaftMessage { Kind = kind, From = from, To = to, Term = term, Sequence = sequence, NodeId = nodeId, Initial = initial };
            }

            case MessageKind.TimeoutNowReply:
            case MessageKind.JoinReply:
                return new RaftMessage { Kind = kind, From = from, To = to, Term = term, Sequence = sequence, Accepted = reader.Flags().First };
            case MessageKind.ReadIndexReply:
                return new RaftMessage
                {
                    Kind = kind, From = from, To = to, Term = term, Sequence = sequence, Accepted = reader.Flags().First,
                    Index = new LogIndex(reader.Number()),
                };
            default:
                return new RaftMessage { Kind = kind, From = from, To = to, Term = term, Sequence = sequence };
        }
    }

    private static LogEntry[] ReadEntries(ref MessageReader reader, LogIndex previous, Term previousTerm, Term messageTerm)
    {
        // An entry takes at least four bytes: a hostile count cannot make us allocate more than the message itself justifies.
        long count = reader.Number();
        if (reader.Failed || count > Math.Min(MaximumEntries, reader.Remaining / 4) || previous.Value > long.MaxValue - count)
        {
            reader.Fail();
            return [];
        }

        if (count == 0) return [];
        LogEntry[] entries = new LogEntry[count];
        Term last = previousTerm;
        for (int i = 0; i < entries.Length; i++)
        {
            Term term = new(reader.Number());
            EntryKind kind = (EntryKind)reader.Byte();
            LogTime time = new(reader.Number());
            ReadOnlyMemory<byte> payload = reader.Bytes();
            // Terms only grow along a log, up to that of the leader which sends it.
            bool sound = term >= last && term <= messageTerm && kind is >= EntryKind.Noop and <= EntryKind.Configuration
                && (kind != EntryKind.Configuration || TryReadMembership(payload, out _));
            if (reader.Failed || !sound)
            {
                reader.Fail();
                return [];
            }

            entries[i] = new LogEntry(previous + (i + 1), term, kind, time, payload);
            last = term;
        }

        return entries;
    }

    private static bool TryReadMembership(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Membership? membership) =>
        MembershipCodec.TryDecode(bytes.Span, out membership, out int consumed) && consumed == bytes.Length;

    private static RaftMessage? ReadInstallSnapshot(ref MessageReader reader, MemberId from, MemberId to, Term term, long sequence)
    {
        LogIndex index = new(reader.Number());
        Term indexTerm = new(reader.Number());
        LogTime time = new(reader.Number());
        if (!TryReadMembership(reader.Bytes(), out Membership? membership))
        {
            reader.Fail();
            return null;
        }

        return new RaftMessage
        {
            Kind = MessageKind.InstallSnapshot, From = from, To = to, Term = term, Sequence = sequence,
            Snapshot = new SnapshotMetadata(index, indexTerm, time, membership),
            Offset = reader.Number(), TotalBytes = reader.Number(), Data = reader.Bytes(),
        };
    }
}
