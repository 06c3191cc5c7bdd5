using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Quorleans.Raft;

/// <summary>
/// The binary form of a <see cref="Membership"/>, as it stands in configuration entries, log records, snapshots and messages.
/// Little-endian: version (1 byte), index (8), next id (4), then voters, outgoing and learners, each as a count (1 byte) and its
/// members: id (4), node id (16), length of the name (1 byte), name in UTF-8.
/// </summary>
public static class MembershipCodec
{
    /// <summary>How many members each of the three lists may hold.</summary>
    public const int MaximumMembers = 255;

    /// <summary>How long a node's name may be, in UTF-8 bytes.</summary>
    public const int MaximumNameBytes = 255;

    private const byte Version = 1;
    private const int HeaderBytes = 1 + 8 + 4;
    private const int MemberBytes = 4 + 16 + 1;

    /// <summary>How many bytes <see cref="Encode(Membership, Span{byte})"/> writes.</summary>
    /// <param name="membership">The configuration.</param>
    public static int EncodedLength(Membership membership)
    {
        ArgumentNullException.ThrowIfNull(membership);
        return HeaderBytes + LengthOf(membership.Voters) + LengthOf(membership.Outgoing) + LengthOf(membership.Learners);
    }

    /// <summary>Encodes a configuration into an array of its own.</summary>
    /// <param name="membership">The configuration; members ascend by id in each list.</param>
    /// <exception cref="ArgumentException">It breaks a limit or the order of ids.</exception>
    public static byte[] Encode(Membership membership)
    {
        byte[] bytes = new byte[EncodedLength(membership)];
        Encode(membership, bytes);
        return bytes;
    }

    /// <summary>Encodes a configuration.</summary>
    /// <param name="membership">The configuration; members ascend by id in each list.</param>
    /// <param name="destination">At least <see cref="EncodedLength"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentException">It breaks a limit or the order of ids, or the destination is too short.</exception>
    public static int Encode(Membership membership, Span<byte> destination)
    {
        int length = EncodedLength(membership);
        if (destination.Length < length) throw new ArgumentException($"{length} bytes are needed.", nameof(destination));
        destination[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(destination[1..], membership.Index.Value);
        BinaryPrimitives.WriteInt32LittleEndian(destination[9..], membership.NextId.Value);
        int at = HeaderBytes;
        at += Write(membership.Voters, membership.NextId, destination[at..]);
        at += Write(membership.Outgoing, membership.NextId, destination[at..]);
        at += Write(membership.Learners, membership.NextId, destination[at..]);
        return at;
    }

    /// <summary>Decodes what <see cref="Encode(Membership)"/> made; all of <paramref name="source"/> must be used.</summary>
    /// <param name="source">The bytes.</param>
    /// <exception cref="InvalidDataException">They are no configuration, or of a newer format.</exception>
    public static Membership Decode(ReadOnlySpan<byte> source) =>
        TryDecode(source, out Membership? membership, out int consumed) && consumed == source.Length
            ? membership
            : throw new InvalidDataException(
                source.Length > 0 && source[0] > Version
                    ? $"The configuration has format {source[0]}; this program knows up to {Version}: use a newer one."
                    : "The bytes are no encoded configuration.");

    /// <summary>Decodes a configuration from the beginning of <paramref name="source"/>. Takes any bytes.</summary>
    /// <param name="source">The bytes; more may follow.</param>
    /// <param name="membership">The configuration.</param>
    /// <param name="consumed">How many bytes it took.</param>
    /// <returns>False when the bytes are no configuration of this format.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> source, [NotNullWhen(true)] out Membership? membership, out int consumed)
    {
        membership = null;
        consumed = 0;
        if (source.Length < HeaderBytes || source[0] != Version) return false;
        LogIndex index = new(BinaryPrimitives.ReadInt64LittleEndian(source[1..]));
        MemberId next = new(BinaryPrimitives.ReadInt32LittleEndian(source[9..]));
        if (index < LogIndex.Zero || next < new MemberId(1)) return false;
        int at = HeaderBytes;
        if (!TryRead(source, next, ref at, out ImmutableArray<Member> voters)
            || !TryRead(source, next, ref at, out ImmutableArray<Member> outgoing)
            || !TryRead(source, next, ref at, out ImmutableArray<Member> learners)) return false;
        membership = new Membership { Index = index, NextId = next, Voters = voters, Outgoing = outgoing, Learners = learners };
        consumed = at;
        return true;
    }

    private static int LengthOf(ImmutableArray<Member> members)
    {
        int length = 1;
        if (members.IsDefault) return length;
        foreach (Member member in members) length += MemberBytes + Encoding.UTF8.GetByteCount(member.Node);
        return length;
    }

    private static int Write(ImmutableArray<Member> members, MemberId next, Span<byte> destination)
    {
        int count = members.IsDefault ? 0 : members.Length;
        if (count > MaximumMembers) throw new ArgumentException($"A configuration may list {MaximumMembers} members; this has {count}.");
        destination[0] = (byte)count;
        int at = 1;
        MemberId last = MemberId.None;
        for (int i = 0; i < count; i++)
        {
            Member member = members[i];
            if (member.Id <= last || member.Id >= next)
                throw new ArgumentException($"Member {member.Id} follows {last} with next id {next}: ids must ascend and stay below the next id.");
            last = member.Id;
            int nameBytes = Encoding.UTF8.GetByteCount(member.Node);
            if (nameBytes is 0 or > MaximumNameBytes)
                throw new ArgumentException($"A node's name has 1 to {MaximumNameBytes} bytes; that of member {member.Id} has {nameBytes}.");
            BinaryPrimitives.WriteInt32LittleEndian(destination[at..], member.Id.Value);
            member.NodeId.TryWriteBytes(destination[(at + 4)..]);
            destination[at + 20] = (byte)nameBytes;
            at += MemberBytes;
            at += Encoding.UTF8.GetBytes(member.Node, destination[at..]);
        }

        return at;
    }

    private static bool TryRead(ReadOnlySpan<byte> source, MemberId next, ref int at, out ImmutableArray<Member> members)
    {
        members = [];
        if (at >= source.Length) return false;
        int count = source[at++];
        if (count == 0) return true;

        // Checked before anything is allocated: a count costs one byte, its members at least MemberBytes + 1 each.
        if (source.Length - at < count * (MemberBytes + 1)) return false;
        ImmutableArray<Member>.Builder builder = ImmutableArray.CreateBuilder<Member>(count);
        MemberId last = MemberId.None;
        for (int i = 0; i < count; i++)
        {
            if (source.Length - at < MemberBytes) return false;
            MemberId id = new(BinaryPrimitives.ReadInt32LittleEndian(source[at..]));
            Guid nodeId = new(source.Slice(at + 4, 16));
            int nameBytes = source[at + 20];
            at += MemberBytes;
            if (id <= last || id >= next || nameBytes == 0 || source.Length - at < nameBytes) return false;
            ReadOnlySpan<byte> name = source.Slice(at, nameBytes);
            if (!Utf8.IsValid(name)) return false;
            at += nameBytes;
            last = id;
            builder.Add(new Member(id, Encoding.UTF8.GetString(name), nodeId));
        }

        members = builder.MoveToImmutable();
        return true;
    }
}
