using static Quorleans.KeyValue.Tests.TestStore;

namespace Quorleans.KeyValue.Tests;

public sealed class OperationTests
{
    private readonly TestStore _store = new();

    [Fact]
    public void Get_ReturnsNoValueAndVersionZero_WhenMissing() => Assert.Equal((null, 0), _store.Get("a"));

    [Fact]
    public void Put_SetsValueAndRaisesVersion()
    {
        long first = _store.Apply1(1, Put(1, "a", "x")).Version;
        long second = _store.Apply1(1, Put(2, "a", "y")).Version;
        Assert.True(second > first && first > 0);
        Assert.Equal(("y", second), _store.Get("a"));
    }

    [Fact]
    public void Put_OfEmptyValue_IsNotMissing()
    {
        long version = _store.Apply1(1, Put(1, "a", "")).Version;
        Assert.Equal(("", version), _store.Get("a"));
    }

    [Fact]
    public void Append_AddsToValue_OrToNothing()
    {
        _store.Apply(1, Append(1, "a", "x"), Append(2, "a", "y"), Append(3, "a", ""), Append(4, "a", "zzzzzzzzzzz"));
        Assert.Equal("xyzzzzzzzzzzz", _store.Get("a").Value);
    }

    [Fact]
    public void Append_IsRefused_WhenSumIsOverTheLimit()
    {
        var store = new TestStore(KeyValueLimits.Default with { MaxValueBytes = 10 });
        long version = store.Apply1(1, Put(1, "a", "12345678")).Version;
        OperationResult result = store.Apply1(1, Append(2, "a", "901"));
        Assert.Equal((OperationStatus.ValueTooLarge, version), (result.Status, result.Version));
        Assert.Equal(OperationStatus.Ok, store.Apply1(1, Append(3, "a", "90")).Status);
        Assert.Equal("1234567890", store.Get("a").Value);
        Assert.Equal(OperationStatus.ValueTooLarge, store.Apply1(1, Append(2, "a", "901")).Status);
    }

    [Fact]
    public void Delete_TellsWhetherThereWasOne()
    {
        _store.Apply1(1, Put(1, "a", "x"));
        Assert.Equal(OperationStatus.Ok, _store.Apply1(1, Delete(2, "a")).Status);
        Assert.Equal(OperationStatus.NotFound, _store.Apply1(1, Delete(3, "a")).Status);
        Assert.Equal((null, 0), _store.Get("a"));
    }

    [Fact]
    public void Versions_AreNeverUsedAgain_AfterDeleteAndRestart()
    {
        long first = _store.Apply1(1, Put(1, "a", "x")).Version;
        _store.Apply1(1, Delete(2, "a"));
        _store.RestoreFrom(_store.Snapshot());
        Assert.True(_store.Apply1(1, Put(3, "a", "x")).Version > first);
    }

    [Fact]
    public void CompareAndSet_SetsOnlyAtTheExpectedVersion()
    {
        long version = _store.Apply1(1, CompareAndSet(1, "a", 0, "x")).Version;
        OperationResult onlyIfMissing = _store.Apply1(1, CompareAndSet(2, "a", 0, "y"));
        Assert.Equal((OperationStatus.CompareFailed, version), (onlyIfMissing.Status, onlyIfMissing.Version));
        OperationResult matched = _store.Apply1(1, CompareAndSet(3, "a", version, "z"));
        Assert.Equal(OperationStatus.Ok, matched.Status);
        Assert.Equal(("z", matched.Version), _store.Get("a"));
        OperationResult missing = _store.Apply1(1, CompareAndSet(4, "b", 7, "z"));
        Assert.Equal((OperationStatus.CompareFailed, 0), (missing.Status, missing.Version));
        Assert.Equal((null, 0), _store.Get("b"));
    }

    [Fact]
    public void Apply_ReturnsNothing_WhenNobodyWaits()
    {
        var builder = new WriteBatchBuilder(KeyValueLimits.Default);
        builder.Begin(Client(1));
        builder.TryAdd(Put(1, "a", "x"));
        Assert.True(_store.ApplyPayload(builder.ToArray(), wantResult: false).IsEmpty);
        Assert.Equal("x", _store.Get("a").Value);
    }

    [Fact]
    public void Apply_Stops_WhenEntryIsNoBatchOrTimeGoesBack()
    {
        _store.Apply1(1, Put(1, "a", "x"));
        byte[] newer = [KeyValueCodec.WriteBatch, KeyValueCodec.Version + 1];
        var entry = new Raft.LogEntry(new Raft.LogIndex(9), new Raft.Term(1), Raft.EntryKind.Command, new Raft.LogTime(1000), newer);
        Assert.Throws<Raft.InvariantViolationException>(() => _store.Machine.Apply(entry, true));
        Assert.Throws<Raft.InvariantViolationException>(() => _store.Machine.Apply(entry with { Time = new Raft.LogTime(999) }, true));
    }

    [Fact]
    public void Query_AnswersBusy_WhenReplyIsFull_ButAlwaysTheFirst()
    {
        var store = new TestStore(KeyValueLimits.Default with { MaxReplyBytes = 100 });
        store.Apply(1, Put(1, "a", new string('x', 150)), Put(2, "b", "y"), Put(3, "c", new string('z', 60)));
        OperationResult[] results = store.Query(
            ReadOperation.Get("c"u8.ToArray()), ReadOperation.Get("a"u8.ToArray()), ReadOperation.Get("b"u8.ToArray()));
        Assert.Equal([OperationStatus.Ok, OperationStatus.Busy, OperationStatus.Ok], results.Select(r => r.Status));
        Assert.Equal(150, Assert.Single(store.Query(ReadOperation.Get("a"u8.ToArray()))).Value.Length);
    }

    [Fact]
    public void Query_OfNothing_IsAnsweredWithNothing() => Assert.Empty(_store.Query());

    [Fact]
    public void Statistics_CountKeysBytesAndSessions()
    {
        _store.Apply(1, Put(1, "ab", "xyz"), Append(2, "ab", "12"), Put(3, "ab", "1"), Put(4, "c", ""), Put(5, "d", "dd"), Delete(6, "d"));
        Store.KeyValueStatistics statistics = _store.Machine.Statistics;
        Assert.Equal((2, 4, 6), (statistics.Keys, statistics.Bytes, statistics.Results));
        Assert.InRange(statistics.Sessions, 1, 3);
    }
}
