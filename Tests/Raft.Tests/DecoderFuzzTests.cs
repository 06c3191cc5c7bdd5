using System.Buffers.Binary;
using System.Diagnostics;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;

namespace Quorleans.Raft.Tests;

/// <summary>
/// Any bytes as message, configuration, log or snapshot: a typed error or a sound result, within bounds of memory and time that follow from the input's
/// length alone. Mutated from good ones: flipped, cut, spliced, with lengths of 0, -1, and the largest; for log and snapshot also under good checksums.
/// </summary>
public sealed class DecoderFuzzTests
{
    private static readonly Guid Cluster = new("c0000000-0000-0000-0000-000000000001");
    private static readonly GroupId Group = new("g1", 3);

    [Fact]
    public void MessageDecoder_TakesAnyBytes_InBoundedMemory()
    {
        byte[][] corpus = [.. Messages().Select(message => MessageCodec.Encode(Cluster, Group, message))];
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 60_000; i++)
        {
            byte[] bytes = Mutate(corpus[random.Next(corpus.Length)], corpus[random.Next(corpus.Length)], random, header: 30);
            if (Bounded(bytes.Length, () => MessageCodec.TryDecode(Cluster, Group, bytes, out _)) != MessageError.None) refused++;
        }

        Assert.InRange(refused, 20_000, 59_000);
    }

    [Fact]
    public void AppendEntriesOfTheSmallestEntries_IsRefusedAboveTheLimit_InsteadOfBecomingTwelveTimesItsSize()
    {
        LogEntry[] entries = [.. Enumerable.Range(1, MessageCodec.MaximumEntries + 1).Select(static i => new LogEntry(new LogIndex(i), new Term(1), EntryKind.Noop, default, default))];
        RaftMessage message = new() { Kind = MessageKind.AppendEntries, From = new MemberId(1), To = new MemberId(2), Term = new Term(1), Entries = entries };
        byte[] tooMany = MessageCodec.Encode(Cluster, Group, message);
        Assert.Equal(MessageError.Malformed, Bounded(tooMany.Length, () => MessageCodec.TryDecode(Cluster, Group, tooMany, out _)));

        byte[] most = MessageCodec.Encode(Cluster, Group, new RaftMessage { Kind = message.Kind, From = message.From, To = message.To, Term = message.Term, Entries = entries[..^1] });
        Assert.Equal(MessageError.None, Bounded(most.Length, () => MessageCodec.TryDecode(Cluster, Group, most, out _)));
    }

    [Fact]
    public void LeaderSendsNoMoreEntriesThanAMessageMayHave()
    {
        LogEntry[] entries = [.. Enumerable.Range(1, MessageCodec.MaximumEntries + 5).Select(static i => new LogEntry(new LogIndex(i), new Term(1), EntryKind.Noop, default, default))];
        RaftRestore restore = new() { HardState = new HardState(new Term(1), default, default), InitialMembership = WalHarness.Three, Entries = entries };
        RaftCore leader = new(new RaftOptions { MaxAppendBytes = int.MaxValue }, Group, new MemberId(1), restore, 1);
        RaftOutput output = new();
        leader.StartElection();
        for (int round = 0; round < 2; round++)
        {
            Take();
            Take();
            Reply(MessageKind.RequestVoteReply, new Term(2), preVote: round == 0, default);
        }

        // The follower has nothing: its refusal makes the leader begin at the first entry.
        Take();
        RaftMessage probe = Take();
        Reply(MessageKind.AppendEntriesReply, leader.Term, preVote: false, probe);
        Take();
        Assert.Equal(RaftRole.Leader, leader.Role);
        Assert.Equal(MessageCodec.MaximumEntries, output.Messages.Single(message => message.To == new MemberId(2) && message.Entries.Length > 0).Entries.Length);

        RaftMessage Take()
        {
            RaftMessage? last = output.Messages.LastOrDefault(static message => message.To == new MemberId(2));
            leader.TakeOutput(output);
            if (output.Token is { } token) leader.OnAppended(token);
            return output.Messages.LastOrDefault(static message => message.To == new MemberId(2)) ?? last!;
        }

        void Reply(MessageKind kind, Term term, bool preVote, RaftMessage? to) => leader.Step(new RaftMessage
        {
            Kind = kind, From = new MemberId(2), To = new MemberId(1), Term = term, PreVote = preVote, Accepted = kind == MessageKind.RequestVoteReply,
            Sequence = to?.Sequence ?? 0, Index = to?.Index ?? default, ConflictIndex = new LogIndex(1),
        });
    }

    [Fact]
    public void ConfigurationDecoder_TakesAnyBytes_InBoundedMemory()
    {
        byte[][] corpus = [MembershipCodec.Encode(WalHarness.Three), MembershipCodec.Encode(WalHarness.Three with { Learners = WalHarness.Three.Voters, NextId = new MemberId(9) })];
        Random random = new(2);
        for (int i = 0; i < 60_000; i++)
        {
            byte[] bytes = Mutate(corpus[random.Next(2)], corpus[random.Next(2)], random, header: 0);
            bool sound = Bounded(bytes.Length, () => MembershipCodec.TryDecode(bytes, out Membership? membership, out int consumed) && consumed == MembershipCodec.EncodedLength(membership));
            if (!sound && MembershipCodec.TryDecode(bytes, out _, out int length)) Assert.Fail($"{length} bytes were taken for another configuration");
        }
    }

    [Fact]
    public void LogRecovery_TakesAnyFiles()
    {
        Random random = new(3);
        WalHarness wal = new(segmentBytes: 32 << 10);
        LogGroup group = wal.Open();
        for (int i = 1; i <= 9; i++)
        {
            wal.Log.AppendEntries(group, WalHarness.Entries(i, 1));
            wal.Flush();
        }

        byte[][] corpus = [.. wal.Disk.List().Select(wal.Disk.ReadAll)];
        for (int i = 0; i < 1500; i++)
        {
            SimulatedDisk disk = new(i);
            foreach (int number in Enumerable.Range(1, random.Next(1, 3)))
            {
                byte[] bytes = random.Next(10) == 0 ? Noise(random, random.Next(40_000)) : Mutate(corpus[random.Next(corpus.Length)], corpus[random.Next(corpus.Length)], random, header: 0);
                using IDiskFile file = disk.Create($"wal-{number:D6}.log");
                file.Write(0, bytes);
            }

            long length = disk.UsedBytes;
            WriteAheadLog? log = null;
            Bounded((int)length, () => log = WriteAheadLog.Open(disk, WalHarness.Options(32 << 10), new ManualLogExecutor(), out _), factor: 20, slack: 4 << 20);
            log!.Dispose();
        }
    }

    [Fact]
    public void SnapshotReader_TakesAnyFile_AndGivesOutNothingThatIsNotWhole()
    {
        Random random = new(4);
        SimulatedDisk disk = new(1);
        SnapshotStore store = new(disk);
        byte[] body = Noise(random, 3000);
        string name;
        using (SnapshotWriter writer = store.Create(Group, WalHarness.Snapshot(7)))
        {
            writer.Body.Write(body);
            name = writer.Commit();
        }

        byte[] good = disk.ReadAll(name);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = random.Next(20) == 0 ? Noise(random, random.Next(300)) : Mutate(good, good, random, header: 0);
            if (random.Next(2) == 0) MendHead(bytes);
            SimulatedDisk other = new(1);
            using (IDiskFile file = other.Create("x")) file.Write(0, bytes);
            try
            {
                Bounded(bytes.Length, () =>
                {
                    using SnapshotReader reader = new SnapshotStore(other).Open("x");
                    return reader.Verify();
                });
            }
            catch (SnapshotCorruptException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 15_000, 20_000);
    }

    // The head's checksum made right again, so that its decoder sees what is behind it.
    private static void MendHead(byte[] bytes)
    {
        if (bytes.Length < SnapshotFormat.FixedHeadBytes) return;
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        if (length < 0 || length > bytes.Length - SnapshotFormat.FixedHeadBytes) return;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Append(uint.MaxValue, bytes.AsSpan(SnapshotFormat.FixedHeadBytes, length)));
    }

    private static T Bounded<T>(int length, Func<T> decode, int factor = 4, int slack = 1 << 20)
    {
        long before = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
        T result = decode();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= (long)factor * length + slack, $"{length} bytes made it allocate {allocated}");
        // Not a measurement: far above what a busy machine needs, far below what a hang takes.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), $"{length} bytes took {Stopwatch.GetElapsedTime(began)}");
        return result;
    }

    private static byte[] Mutate(byte[] good, byte[] other, Random random, int header)
    {
        byte[] bytes = [.. good];
        for (int mutations = random.Next(1, 4); mutations > 0 && bytes.Length > 0; mutations--)
        {
            // The identities are at the front; most mutations belong behind them.
            int at = random.Next(8) > 0 && bytes.Length > header ? random.Next(header, bytes.Length) : random.Next(bytes.Length);
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes = bytes[..at]; break;
                case 3: bytes = [.. bytes[..at], .. other.AsSpan(random.Next(other.Length))]; break;
                case 4 when at + 4 <= bytes.Length: BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), Nasty(random)); break;
                case 5 when at + 8 <= bytes.Length: BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), random.Next(2) == 0 ? long.MaxValue : -1); break;
                // The largest number in the messages' own form.
                case 6 when at + 9 <= bytes.Length:
                    bytes.AsSpan(at, 8).Fill(0xFF);
                    bytes[at + 8] = 0x7F;
                    break;
                default: bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]]; break;
            }
        }

        return bytes;
    }

    private static int Nasty(Random random) => random.Next(5) switch { 0 => int.MaxValue, 1 => -1, 2 => int.MinValue, 3 => 0, _ => 1 << random.Next(31) };

    private static byte[] Noise(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static IEnumerable<RaftMessage> Messages()
    {
        foreach (MessageKind kind in Enum.GetValues<MessageKind>())
        {
            yield return new RaftMessage
            {
                Kind = kind, From = new MemberId(1), To = new MemberId(2), Term = new Term(900), Sequence = 77, Index = new LogIndex(300), IndexTerm = new Term(5),
                Entries = kind == MessageKind.AppendEntries
                    ? [WalHarness.Entry(301, 6), WalHarness.Entry(302, 7, payload: 300), new LogEntry(new LogIndex(303), new Term(8), EntryKind.Configuration, default, MembershipCodec.Encode(WalHarness.Three))]
                    : [],
                Snapshot = kind == MessageKind.InstallSnapshot ? WalHarness.Snapshot(5) : null, Offset = 4, TotalBytes = 1000, Data = kind == MessageKind.InstallSnapshot ? new byte[200] : default,
                NodeId = WalHarness.NodeId, Initial = kind == MessageKind.Join ? WalHarness.Three : null, Match = new LogIndex(9), Accepted = true,
            };
        }
    }
}
