using CsCheck;
using Quorleans.Raft;
using static Quorleans.KeyValue.Tests.TestStore;

namespace Quorleans.KeyValue.Tests;

public sealed class SnapshotTests
{
    private readonly TestStore _store = new();

    [Fact]
    public void Snapshot_BringsBackDataSessionsAndDigest()
    {
        Fill(_store, 2000);
        UInt128 digest = _store.Machine.Digest;
        Store.KeyValueStatistics statistics = _store.Machine.Statistics;
        byte[] snapshot = _store.Snapshot();
        _store.RestoreFrom(snapshot);
        Assert.Equal(digest, _store.Machine.Digest);
        Assert.Equal(statistics, _store.Machine.Statistics);
        Assert.Equal(snapshot, _store.Snapshot());
    }

    [Fact]
    public void Snapshot_OfOneClientAndOneKey_FitsTheLabs500Bytes()
    {
        // TestSnapshotSize3B: 800 operations of one client on one key.
        for (int i = 1; i <= 800; i++) _store.Apply1(1, Put(i, "x", i % 2 == 0 ? "1" : "0", floor: i - 1, deadline: 10_000 + i));
        Assert.InRange(_store.Snapshot().Length, 1, 150);
    }

    [Fact]
    public void Snapshot_OfNothing_IsSmall_AndLoads()
    {
        byte[] snapshot = _store.Snapshot();
        Assert.InRange(snapshot.Length, 1, 40);
        _store.RestoreFrom(snapshot);
        Assert.Equal(default, _store.Machine.Statistics);
    }

    [Fact]
    public void View_DoesNotChange_WhileTheStoreGoesOn()
    {
        Fill(_store, 3000);
        byte[] expected = _store.Snapshot();
        using ISnapshotView view = _store.Machine.Capture();
        for (int i = 0; i < 3000; i++)
        {
            // Overwrites of the same length (in place), appends (behind the end), removals, new keys and floors.
            string key = $"key-{i}";
            long sequence = 10_000 + i;
            WriteOperation operation = (i % 4) switch
            {
                0 => Put(sequence, key, new string('n', 10 + i % 50), floor: 5000),
                1 => Append(sequence, key, "more", floor: 5000),
                2 => Delete(sequence, key, floor: 5000),
                _ => Put(sequence, "new-" + key, "n", floor: 5000),
            };
            _store.Apply(1, operation, Append(20_000 + i, $"key-{i % 7}", "+"), Put(30_000 + i, $"key-{i % 7}", "0123456789"));
        }

        Assert.Equal(expected, Written(view));
    }

    [Fact]
    public async Task View_MayBeWrittenOnAnotherThread_WhileTheStoreGoesOn()
    {
        Fill(_store, 5000);
        byte[] expected = _store.Snapshot();
        using ISnapshotView view = _store.Machine.Capture();
        Task<byte[]> writing = Task.Run(() => Written(view), TestContext.Current.CancellationToken);
        for (long i = 0; !writing.IsCompleted || i < 1000; i++)
        {
            _store.Apply(1, Put(10_000 + 2 * i, $"key-{i % 5000}", new string('n', 10)), Append(10_001 + 2 * i, $"key-{i % 11}", "+", floor: 10_000 + 2 * i));
            if (i % 100 == 0) _store.Machine.Capture().Dispose();
        }

        Assert.Equal(expected, await writing);
    }

    [Fact]
    public void LargeValues_AreWrittenAndReadThroughTheBuffers()
    {
        foreach (int length in (int[])[1, 65_535, 65_536, 131_072, 131_073, 1 << 20])
            _store.Apply1(1, Put(length + 1, "key-" + length, new string((char)('a' + length % 26), length)));
        byte[] snapshot = _store.Snapshot();
        var store = new TestStore();
        store.RestoreFrom(snapshot);
        Assert.Equal(_store.Machine.Digest, store.Machine.Digest);
        Assert.Equal(new string((char)('a' + (1 << 20) % 26), 1 << 20), store.Get("key-1048576").Value);
    }

    [Fact]
    public void Load_ReadsFromAStreamThatGivesLittle()
    {
        Fill(_store, 50);
        object loaded = _store.Machine.Load(new TrickleStream(_store.Snapshot()), CancellationToken.None);
        UInt128 digest = _store.Machine.Digest;
        _store.Machine.Install(loaded);
        Assert.Equal(digest, _store.Machine.Digest);
    }

    [Fact]
    public void Load_RefusesEveryDamage()
    {
        Fill(_store, 20);
        byte[] snapshot = _store.Snapshot();
        for (int length = 0; length < snapshot.Length; length++) AssertRefused(snapshot[..length]);
        AssertRefused([.. snapshot, 0]);
        for (int i = 0; i < snapshot.Length; i++)
        {
            byte[] damaged = [.. snapshot];
            damaged[i] ^= 0x10;
            // The log time and the sweep's time stand outside the digests; whoever stores the snapshot has a checksum over all of it.
            if (i is < 19 or > 24) AssertRefused(damaged);
        }
    }

    [Fact]
    public void Load_OfHostileBytes_FailsCleanly() => Gen.Byte.Array[0, 200].Sample(
        tail => AssertRefused([.. "QKVS\u0001\u000ehash-tag-v1:64\u0001\u0000\u0000"u8, .. tail, 0x11]), iter: 5000);

    [Fact]
    public void Load_AllocatesNoMoreThanItsInputJustifies_WhenALengthIsDamaged()
    {
        // One shard, one key, version 1, and a value said to have 64 MiB.
        byte[] hostile = [.. "QKVS\u0001\u000ehash-tag-v1:64\u0001\u0000\u0000"u8, 1, 0, 1, 1, 1, (byte)'k', 1, 0x80, 0x80, 0x80, 0x20, 1, 2, 3];
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(hostile);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Load_TellsANewerFormatAndAnotherShardFunction()
    {
        byte[] newer = _store.Snapshot();
        newer[4]++;
        Assert.Contains("Upgrade", Assert.Throws<InvalidDataException>(() => Load(newer)).Message, StringComparison.Ordinal);
        byte[] other = new TestStore(shardFunction: ShardFunction.HashTag(32)).Snapshot();
        Assert.Contains("hash-tag-v1:32", Assert.Throws<InvalidDataException>(() => Load(other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AndWriteTo_StopWhenCancelled()
    {
        Fill(_store, 5000);
        byte[] snapshot = _store.Snapshot();
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => _store.Machine.Load(new MemoryStream(snapshot), cancelled));
        using ISnapshotView view = _store.Machine.Capture();
        Assert.Throws<OperationCanceledException>(() => view.WriteTo(new MemoryStream(), cancelled));
    }

    [Fact]
    public void Sweep_GoesOnWhereItWas_AfterARestore()
    {
        // The sweep is in its midst: many sessions, few steps so far. A replica from the snapshot must remove the same ones at the same entries.
        // Every other session stays, so that going over them again would take steps away.
        for (int client = 1; client < 400; client++)
        {
            int deadline = client % 2 * 2000;
            _store.Apply(client, Put(1, "a" + client, "x", deadline: deadline), Put(2, "b" + client, "x", deadline: deadline));
        }

        _store.Now = 100_000;
        _store.Apply1(1, Put(9, "c", "x"));
        var restored = new TestStore { Now = _store.Now };
        restored.RestoreFrom(_store.Snapshot());
        long before = _store.Machine.Statistics.Sessions;
        for (int i = 0; i < 50; i++)
        {
            _store.Apply1(1, Put(10 + i, "c", "x"));
            restored.Apply1(1, Put(10 + i, "c", "x"));
            Assert.Equal(_store.Machine.Digest, restored.Machine.Digest);
        }

        Assert.InRange(_store.Machine.Statistics.Sessions, 1, before - 100);
    }

    private static void Fill(TestStore store, int keys)
    {
        for (int i = 0; i < keys; i++) store.Apply1(1 + i % 5, Put(i + 1, $"key-{i}", new string('v', 10 + i % 50), deadline: i % 3 == 0 ? 0 : 90_000));
    }

    private static object Load(byte[] bytes) => new Store.KeyValueStateMachine().Load(new MemoryStream(bytes), CancellationToken.None);

    private static void AssertRefused(byte[] bytes) => Assert.Throws<InvalidDataException>(() => Load(bytes));

    private sealed class TrickleStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 3));
    }
}
