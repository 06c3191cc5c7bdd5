using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class SnapshotStoreTests
{
    private static readonly GroupId Group = new("g1", 3);
    private readonly SimulatedDisk _disk = new(5);
    private SnapshotStore? _store;

    private SnapshotStore Store => _store ??= new SnapshotStore(_disk);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128 << 10)]
    [InlineData((128 << 10) + 1)]
    [InlineData(1_000_000)]
    public void BodyIsGivenBack_AfterPowerLoss(int length)
    {
        byte[] body = Body(length);
        string file = Written(Snapshot(40, 2), body);
        _disk.Restart(UnsyncedFate.Lost);
        using SnapshotReader reader = Store.Open(file);
        Assert.Equal((Group, Snapshot(40, 2)), (reader.Group, reader.Metadata));
        Assert.Equal(length, reader.Verify());
        Assert.Equal(body, ReadBody(reader));
    }

    [Fact]
    public void AbandonedSnapshotLeavesNothing()
    {
        using (SnapshotWriter writer = Store.Create(Group, Snapshot(4))) writer.Body.Write(Body(300_000));
        Assert.Empty(_disk.List());
    }

    [Fact]
    public void NamesAreNeverUsedTwice_ForOneIndexNorAfterARestart()
    {
        string own = Written(Snapshot(9), Body(10));
        string again = Written(Snapshot(9), Body(11));
        _disk.Restart(UnsyncedFate.Lost);
        _store = null;
        string later = Written(Snapshot(9), Body(12));
        Assert.Equal(3, new HashSet<string> { own, again, later }.Count);
        Store.Delete(own);
        Store.Open(again).Dispose();
        Store.Open(later).Dispose();
    }

    [Fact]
    public void UnreferencedAndHalfWrittenFilesAreDeleted_AtTheStart()
    {
        string kept = Written(Snapshot(9), Body(10));
        Written(Snapshot(5), Body(10));
        using SnapshotWriter half = Store.Create(Group, Snapshot(12));
        _disk.Create("other.txt").Dispose();
        Store.DeleteUnreferenced([kept]);
        Assert.Equal(["other.txt", kept], _disk.List());
    }

    [Fact]
    public void EveryFlippedByteIsFound()
    {
        string file = Written(Snapshot(9), Body(500));
        int length = _disk.ReadAll(file).Length;
        for (int at = 0; at < length; at++)
        {
            // Two bytes of the head are padding and say nothing.
            if (at is 6 or 7) continue;
            _disk.Corrupt(file, at, 0x10);
            SnapshotCorruptException found = Assert.Throws<SnapshotCorruptException>(() => Store.Open(file).Dispose());
            Assert.Equal(file, found.File);
            Assert.InRange(found.Offset, 0, length);
            _disk.Corrupt(file, at, 0x10);
        }

        Store.Open(file).Dispose();
    }

    [Fact]
    public void BodyIsCheckedBeforeItIsGivenOut_WhenNotVerifiedAtOpening()
    {
        string file = Written(Snapshot(9), Body(400_000));
        _disk.Corrupt(file, 200_000, 1);
        using SnapshotReader reader = Store.Open(file, verify: false);
        SnapshotCorruptException found = Assert.Throws<SnapshotCorruptException>(() => ReadBody(reader));
        Assert.InRange(found.Offset, 128 << 10, 200_000);
    }

    [Fact]
    public void TruncatedSnapshotIsRefused_AtEveryLength()
    {
        string file = Written(Snapshot(9), Body(300));
        byte[] all = _disk.ReadAll(file);
        for (int length = 0; length < all.Length; length++)
        {
            using (IDiskFile cut = _disk.Create("cut")) cut.Write(0, all.AsSpan(0, length));
            Assert.Throws<SnapshotCorruptException>(() => Store.Open("cut").Dispose());
        }

        using (IDiskFile longer = _disk.Create("longer")) longer.Write(0, [.. all, 1]);
        Assert.Throws<SnapshotCorruptException>(() => Store.Open("longer").Dispose());
    }

    [Fact]
    public void ReceiverTakesChunksInAnyOrderAndNumber_AndEndsWithTheSameFile()
    {
        string file = Written(Snapshot(70, 4), Body(777_777));
        SimulatedDisk other = new(6);
        Random random = new(3);
        string received;
        using (SnapshotReader reader = Store.Open(file))
        using (SnapshotReceiver receiver = new SnapshotStore(other).Receive(Group, Snapshot(70, 4)))
        {
            byte[] buffer = new byte[100_000];
            while (receiver.NextOffset < reader.Length)
            {
                // What is wanted, something repeated, something too far on.
                long offset = Math.Max(0, receiver.NextOffset + (random.Next(3) - 1) * random.Next(50_000));
                int read = reader.ReadChunk(offset, buffer.AsSpan(0, random.Next(1, buffer.Length)));
                long before = receiver.NextOffset;
                long next = receiver.Write(offset, buffer.AsSpan(0, read));
                Assert.Equal(offset > before ? before : Math.Max(before, offset + read), next);
            }

            received = receiver.Commit();
        }

        other.Restart(UnsyncedFate.Lost);
        Assert.Equal(_disk.ReadAll(file), other.ReadAll(received));
        new SnapshotStore(other).Open(received).Dispose();
    }

    [Fact]
    public void ReceiverRefuses_WhatIsIncompleteDamagedOrNotAnnounced()
    {
        string file = Written(Snapshot(70, 4), Body(5000));
        byte[] all = _disk.ReadAll(file);
        AssertRefused(Snapshot(70, 4), all[..^1]);
        AssertRefused(Snapshot(70, 4), []);
        AssertRefused(Snapshot(71, 4), all);
        byte[] damaged = (byte[])all.Clone();
        damaged[^30] ^= 1;
        AssertRefused(Snapshot(70, 4), damaged);
        Assert.Equal([file], _disk.List());
    }

    [Fact]
    public void CommitFailsAndPublishesNothing_WhenTheSyncFails()
    {
        _disk.FailSyncs = true;
        using (SnapshotWriter writer = Store.Create(Group, Snapshot(9)))
        {
            writer.Body.Write(Body(10));
            Assert.Throws<DiskException>(() => writer.Commit());
        }

        Assert.Empty(_disk.List());
    }

    [Fact]
    public void SnapshotIsWholeOrAbsent_WhenThePowerGoesAtAnyOperation()
    {
        byte[] body = Body(300_000);
        int committed = 0;
        for (long operation = 0; ; operation++)
        {
            bool ended = false;
            foreach (UnsyncedFate fate in Enum.GetValues<UnsyncedFate>())
            {
                foreach (CrashMoment moment in Enum.GetValues<CrashMoment>())
                {
                    SimulatedDisk disk = new((int)operation);
                    disk.CrashAt(operation, moment);
                    string? file = null;
                    try
                    {
                        using SnapshotWriter writer = new SnapshotStore(disk).Create(Group, Snapshot(9));
                        writer.Body.Write(body);
                        file = writer.Commit();
                    }
                    catch (SimulatedCrashException)
                    {
                    }

                    ended |= !disk.IsCrashed;
                    disk.Restart(fate);
                    SnapshotStore store = new(disk);
                    if (file is not null)
                    {
                        using SnapshotReader reader = store.Open(file);
                        Assert.Equal(body, ReadBody(reader));
                        committed++;
                    }
                    else
                    {
                        foreach (string name in disk.List().Where(name => name.EndsWith(".snap", StringComparison.Ordinal)))
                            store.Open(name).Dispose();
                        store.DeleteUnreferenced([]);
                        Assert.Empty(disk.List());
                    }
                }
            }

            if (ended) break;
        }

        Assert.Equal(9, committed);
    }

    private static byte[] Body(int length)
    {
        byte[] body = new byte[length];
        new Random(length).NextBytes(body);
        return body;
    }

    private static byte[] ReadBody(SnapshotReader reader)
    {
        using MemoryStream memory = new();
        using Stream body = reader.OpenBody();
        body.CopyTo(memory, 10_007);
        return memory.ToArray();
    }

    private string Written(SnapshotMetadata metadata, byte[] body)
    {
        using SnapshotWriter writer = Store.Create(Group, metadata);
        for (int at = 0; at < body.Length; at += 70_001) writer.Body.Write(body.AsSpan(at, Math.Min(70_001, body.Length - at)));
        Assert.Equal(body.Length, writer.BodyLength);
        return writer.Commit();
    }

    private void AssertRefused(SnapshotMetadata announced, byte[] bytes)
    {
        using SnapshotReceiver receiver = Store.Receive(Group, announced);
        receiver.Write(0, bytes);
        Assert.Throws<SnapshotCorruptException>(() => receiver.Commit());
    }
}
