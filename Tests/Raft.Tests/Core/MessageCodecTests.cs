using CsCheck;
using Xunit;

namespace Quorleans.Raft.Tests;

public sealed class MessageCodecTests
{
    private static readonly Guid Cluster = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    private static readonly GroupId Group = new("g1", 3);

    private static readonly Gen<long> Number = Gen.OneOf(Gen.Long[0, 300], Gen.Long[0, long.MaxValue >> 1]);
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 200];

    private static readonly Gen<Membership> Memberships = Gen.Select(
        Gen.Int[1, 5], Gen.Int[0, 3], Gen.Int[0, 2], Number, (voters, outgoing, learners, index) => new Membership
        {
            Voters = [.. Members(1, voters)], Outgoing = [.. Members(2, outgoing)], Learners = [.. Members(10, learners)],
            NextId = new MemberId(20), Index = new LogIndex(index),
        });

    private static readonly Gen<LogEntry[]> Entries = Gen.Select(Gen.Long[1, 3], Gen.Int[1, 3], Number, Bytes, Memberships).Array[0, 8].Select(rows =>
    {
        LogEntry[] entries = new LogEntry[rows.Length];
        Term term = new(5);
        for (int i = 0; i < rows.Length; i++)
        {
            (long step, int kind, long time, byte[] payload, Membership membership) = rows[i];
            if (step == 3) term = term.Next;
            byte[] content = kind == (int)EntryKind.Configuration ? MembershipCodec.Encode(membership) : payload;
            entries[i] = new LogEntry(LogIndex.Zero, term, (EntryKind)kind, new LogTime(time), content);
        }

        return entries;
    });

    private static readonly Gen<RaftMessage> Messages = Gen.Select(
        Gen.Int[1, 12], Gen.Select(Number, Number, Number, Number), Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool), Entries, Memberships, Bytes, Build);

    [Fact]
    public void DecodeGivesTheSame_ForEveryKindOfMessage() => Messages.Sample(
        message =>
        {
            byte[] bytes = MessageCodec.Encode(Cluster, Group, message);
            Assert.Equal(MessageError.None, MessageCodec.TryDecode(Cluster, Group, bytes, out RaftMessage? decoded));
            AssertSame(message, decoded!);
            Assert.Equal(bytes, MessageCodec.Encode(Cluster, Group, decoded!)); // every field that is written is read
        },
        iter: 5000);

    [Fact]
    public void DecodeRefuses_EveryTruncationAndEveryExtraByte() => Messages.Sample(
        message =>
        {
            byte[] bytes = MessageCodec.Encode(Cluster, Group, message);
            for (int length = 0; length < bytes.Length; length++)
                Assert.NotEqual(MessageError.None, MessageCodec.TryDecode(Cluster, Group, bytes.AsMemory(0, length), out _));
            Assert.Equal(MessageError.Malformed, MessageCodec.TryDecode(Cluster, Group, (byte[])[.. bytes, 0], out _));
        },
        iter: 200);

    [Fact]
    public void DecodeNeitherThrowsNorAllocatesMuch_ForMutatedBytes()
    {
        SplitMix64 random = new(11);
        List<byte[]> good = [];
        Messages.Sample(message => { lock (good) good.Add(MessageCodec.Encode(Cluster, Group, message)); }, iter: 200);
        int accepted = 0;
        for (int round = 0; round < 100_000; round++)
        {
            byte[] bytes = Mutate(good[random.Next(good.Count)], ref random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            MessageError error = MessageCodec.TryDecode(Cluster, Group, bytes, out RaftMessage? message);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(error == MessageError.None, message is not null);

            // An entry of four bytes becomes one of 48: twelve times the message, and what the message itself costs.
            Assert.True(allocated <= 16L * bytes.Length + 20_000, $"{bytes.Length} bytes made the decoder allocate {allocated}: {Convert.ToHexString(bytes)}");
            if (message is null) continue;
            accepted++;
            // What is let in must not stop a core that takes it in, except by an invariant: no index wraps, every configuration is one.
            AssertSound(message);
        }

        Assert.InRange(accepted, 1, 99_999);
    }

    [Fact]
    public void DecodeNeverThrows_ForArbitraryBytes() => Gen.Byte.Array[0, 300].Sample(
        bytes => MessageCodec.TryDecode(Cluster, Group, bytes, out RaftMessage? message) == MessageError.None == message is not null, iter: 50_000);

    [Fact]
    public void DecodeTellsStrangersApart()
    {
        byte[] bytes = MessageCodec.Encode(Cluster, Group, Sample());
        Assert.Equal(MessageError.OtherCluster, MessageCodec.TryDecode(Guid.Empty, Group, bytes, out _));
        Assert.Equal(MessageError.OtherGroup, MessageCodec.TryDecode(Cluster, new GroupId("g2", 3), bytes, out _));
        Assert.Equal(MessageError.OtherGroup, MessageCodec.TryDecode(Cluster, new GroupId("g1", 2), bytes, out _));
        Assert.Equal(MessageError.OtherGroup, MessageCodec.TryDecode(Cluster, new GroupId("g11", 3), bytes, out _));
        bytes[0]++;
        Assert.Equal(MessageError.NewerVersion, MessageCodec.TryDecode(Cluster, Group, bytes, out _));
        bytes[0] = 0;
        Assert.Equal(MessageError.Malformed, MessageCodec.TryDecode(Cluster, Group, bytes, out _));
    }

    [Fact]
    public void MessagesOfVersion1_AreUnderstood_WhateverVersionIsWritten()
    {
        Membership membership = Membership.Initial(Members(1, 3).Select(static member => (member.Node, member.NodeId)));
        LogEntry[] entries =
        [
            new(LogIndex.Zero, new Term(6), EntryKind.Noop, new LogTime(1), default), new(LogIndex.Zero, new Term(6), EntryKind.Command, new LogTime(300), new byte[] { 1, 2, 3 }),
            new(LogIndex.Zero, new Term(7), EntryKind.Configuration, new LogTime(70_000), MembershipCodec.Encode(membership)),
        ];
        RaftMessage[] messages = [.. Enumerable.Range(1, 12).Select(kind => Build(kind, (1000 + kind, 5, 130, 70_000), (true, true, true), [.. entries], membership, [9, 8, 7]))];
        string[] lines = Fixtures.Lines("messages-v1.hex", () => messages.Select(static message => Convert.ToHexString(MessageCodec.Encode(Cluster, Group, message))));
        Assert.Equal(messages.Length, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            byte[] bytes = Convert.FromHexString(lines[i]);
            Assert.Equal(1, bytes[0]);
            Assert.Equal(MessageError.None, MessageCodec.TryDecode(Cluster, Group, bytes, out RaftMessage? decoded));
            AssertSame(messages[i], decoded!);
        }
    }

    [Fact]
    public void DecodeRefuses_AConfigurationEntryWithBytesBehindIt()
    {
        byte[] payload = [.. MembershipCodec.Encode(Membership.Initial([("n1", Guid.Empty)])), 7];
        RaftMessage message = Append(new LogEntry(new LogIndex(1), new Term(1), EntryKind.Configuration, default, payload));
        Assert.Equal(MessageError.Malformed, MessageCodec.TryDecode(Cluster, Group, MessageCodec.Encode(Cluster, Group, message), out _));
    }

    [Fact]
    public void DecodeRefuses_WhatNoLeaderSends()
    {
        LogEntry entry = new(new LogIndex(1), new Term(9), EntryKind.Command, default, default);
        AssertMalformed(Append(entry), "an entry of a later term than its message");
        AssertMalformed(Append(entry with { Term = new Term(1) }, indexTerm: 2), "an entry of an earlier term than the one before it");
        AssertMalformed(Append(entry with { Term = new Term(1) }, index: long.MaxValue), "an index that wraps");
        AssertMalformed(Append(entry with { Term = new Term(1) }, from: 0), "no sender");
        AssertMalformed(Append(entry with { Term = new Term(1) }, to: 0), "no receiver");
    }

    private static void AssertMalformed(RaftMessage message, string what) =>
        Assert.True(MessageError.Malformed == MessageCodec.TryDecode(Cluster, Group, MessageCodec.Encode(Cluster, Group, message), out _), what);

    private static RaftMessage Append(LogEntry entry, long index = 0, long indexTerm = 0, int from = 1, int to = 2) => new()
    {
        Kind = MessageKind.AppendEntries, From = new MemberId(from), To = new MemberId(to), Term = new Term(5), Index = new LogIndex(index),
        IndexTerm = new Term(indexTerm), Entries = [entry],
    };

    private static RaftMessage Sample() => new() { Kind = MessageKind.ReadIndex, From = new MemberId(1), To = new MemberId(2), Term = new Term(5) };

    private static byte[] Mutate(byte[] good, ref SplitMix64 random)
    {
        byte[] bytes = (byte[])good.Clone();
        const int Header = 29; // behind it a mutation is not caught by the identities at once
        for (int flips = 1 + random.Next(4); flips > 0; flips--)
        {
            int at = Math.Min(bytes.Length - 1, random.Next(8) == 0 ? random.Next(bytes.Length) : Header - 5 + random.Next(bytes.Length - Header + 5));
            bytes[at] = random.Next(4) switch { 0 => 0, 1 => 0xFF, 2 => 0x7F, _ => (byte)random.Next(256) };
        }

        return random.Next(8) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static void AssertSound(RaftMessage message)
    {
        Assert.False(message.From.IsNone || message.To.IsNone);
        Assert.True(message.Index + message.Entries.Length >= message.Index);
        Term last = message.IndexTerm;
        foreach (LogEntry entry in message.Entries)
        {
            Assert.True(entry.Term >= last && entry.Term <= message.Term);
            last = entry.Term;
            if (entry.Kind == EntryKind.Configuration) MembershipCodec.Decode(entry.Payload.Span);
        }
    }

    private static RaftMessage Build(
        int kind, (long A, long B, long C, long D) n, (bool A, bool B, bool C) flags, LogEntry[] entries, Membership membership, byte[] data)
    {
        // Only the fields that this kind carries: what is not carried would not come back.
        MessageKind k = (MessageKind)kind;
        bool request = k == MessageKind.AppendEntries;
        bool snapshot = k == MessageKind.InstallSnapshot;
        bool appendReply = k == MessageKind.AppendEntriesReply;
        bool vote = k is MessageKind.RequestVote or MessageKind.RequestVoteReply;
        if (request)
            for (int i = 0; i < entries.Length; i++) entries[i] = entries[i] with { Index = new LogIndex(n.A + i + 1) };
        return new RaftMessage
        {
            Kind = k, From = new MemberId(1 + (int)(n.B % 9)), To = new MemberId(7), Term = new Term(20 + n.C), Sequence = n.D,
            PreVote = vote && flags.A, Forced = k == MessageKind.RequestVote && flags.B, Accepted = kind % 2 == 0 && flags.C,
            Removed = k == MessageKind.RequestVoteReply && flags.B,
            NodeId = k == MessageKind.Join ? new Guid((int)(n.A & int.MaxValue), 1, 2, new byte[8]) : default, Initial = k == MessageKind.Join ? membership : null,
            Index = k is MessageKind.RequestVote or MessageKind.ReadIndexReply || request || appendReply ? new LogIndex(n.A) : default,
            IndexTerm = k == MessageKind.RequestVote || request ? new Term(n.B % 6) : default, Entries = request ? entries : [],
            Commit = request ? new LogIndex(n.B) : default, Time = request ? new LogTime(n.D) : default, ReadRound = request || appendReply ? n.C : 0,
            Match = appendReply || k == MessageKind.InstallSnapshotReply ? new LogIndex(n.B) : default,
            ConflictIndex = appendReply ? new LogIndex(n.C) : default, ConflictTerm = appendReply ? new Term(n.D) : default,
            Snapshot = snapshot ? new SnapshotMetadata(new LogIndex(n.A), new Term(n.B), new LogTime(n.D), membership) : null,
            Offset = snapshot || k == MessageKind.InstallSnapshotReply ? n.C : 0, TotalBytes = snapshot ? n.B : 0, Data = snapshot ? data : default,
        };
    }

    private static void AssertSame(RaftMessage a, RaftMessage b)
    {
        Assert.Equal((a.Kind, a.From, a.To, a.Term, a.Sequence), (b.Kind, b.From, b.To, b.Term, b.Sequence));
        Assert.Equal((a.PreVote, a.Forced, a.Accepted, a.Removed, a.NodeId, a.Initial), (b.PreVote, b.Forced, b.Accepted, b.Removed, b.NodeId, b.Initial));
        Assert.Equal((a.Index, a.IndexTerm, a.Commit, a.ReadRound, a.Match, a.Time), (b.Index, b.IndexTerm, b.Commit, b.ReadRound, b.Match, b.Time));
        Assert.Equal((a.ConflictIndex, a.ConflictTerm, a.Snapshot, a.Offset, a.TotalBytes), (b.ConflictIndex, b.ConflictTerm, b.Snapshot, b.Offset, b.TotalBytes));
        Assert.Equal(a.Data.ToArray(), b.Data.ToArray());
        Assert.Equal(a.Entries.Length, b.Entries.Length);
        for (int i = 0; i < a.Entries.Length; i++)
        {
            Assert.Equal(a.Entries[i] with { Payload = default }, b.Entries[i] with { Payload = default });
            Assert.Equal(a.Entries[i].Payload.ToArray(), b.Entries[i].Payload.ToArray());
        }
    }

    private static IEnumerable<Member> Members(int first, int count)
    {
        for (int id = first; id < first + count; id++) yield return new Member(new MemberId(id), $"n{id}", new Guid(id, 0, 0, new byte[8]));
    }
}
