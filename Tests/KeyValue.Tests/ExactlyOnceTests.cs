using static Quorleans.KeyValue.Tests.TestStore;

namespace Quorleans.KeyValue.Tests;

/// <summary>Sessions: retries, floors, deadlines and what is forgotten when (labs.md section 10: K1, K2, K7).</summary>
public sealed class ExactlyOnceTests
{
    private const int Retention = 60_000;
    private readonly TestStore _store = new();

    [Fact]
    public void Retry_IsExecutedOnce_WhenBothCopiesCommit()
    {
        // K1: the check is made when the entry is applied, so two committed copies are harmless.
        OperationResult first = _store.Apply1(1, Append(1, "x", "a"));
        Assert.Equal(first, _store.Apply1(1, Append(1, "x", "a")));
        Assert.Equal("a", _store.Get("x").Value);
    }

    [Fact]
    public void Retry_IsExecutedOnce_AfterRestoreFromSnapshot()
    {
        // K2: the sessions are in the snapshot.
        OperationResult first = _store.Apply1(1, Append(1, "x", "a"));
        _store.RestoreFrom(_store.Snapshot());
        Assert.Equal(first, _store.Apply1(1, Append(1, "x", "a")));
        Assert.Equal("a", _store.Get("x").Value);
    }

    [Fact]
    public void RetryOfPut_DoesNotUndoAnotherClientsPut()
    {
        // K7: a put is not idempotent when others write in between.
        _store.Apply1(1, Put(1, "x", "1"));
        _store.Apply1(2, Put(1, "x", "2"));
        _store.Apply1(1, Put(1, "x", "1"));
        Assert.Equal("2", _store.Get("x").Value);
    }

    [Fact]
    public void Retry_GetsTheFirstAnswer_WhateverItWas()
    {
        long version = _store.Apply1(1, Put(1, "x", "1")).Version;
        OperationResult failed = _store.Apply1(1, CompareAndSet(2, "x", version + 9, "n"));
        OperationResult gone = _store.Apply1(1, Delete(3, "y"));
        _store.Apply(2, Put(1, "x", "2"), Put(2, "y", "2"));
        Assert.Equal(failed, _store.Apply1(1, CompareAndSet(2, "x", version + 9, "n")));
        Assert.Equal(gone, _store.Apply1(1, Delete(3, "y")));
        Assert.Equal(("2", "2"), (_store.Get("x").Value, _store.Get("y").Value));
    }

    [Fact]
    public void Operations_MayComeOutOfSequence()
    {
        _store.Apply1(1, Append(3, "x", "c"));
        _store.Apply1(1, Append(1, "x", "a"));
        _store.Apply1(1, Append(2, "x", "b"));
        _store.Apply(1, Append(1, "x", "a"), Append(2, "x", "b"), Append(3, "x", "c"));
        Assert.Equal("cab", _store.Get("x").Value);
    }

    [Fact]
    public void SameSequenceTwiceInOneBatch_IsExecutedOnce()
    {
        OperationResult[] results = _store.Apply(1, Append(1, "x", "a"), Append(1, "x", "a"));
        Assert.Equal(results[0], results[1]);
        Assert.Equal("a", _store.Get("x").Value);
    }

    [Fact]
    public void CopyBelowTheFloor_IsStale_AndNotApplied()
    {
        _store.Apply1(1, Append(1, "x", "a"));
        _store.Apply1(1, Append(3, "x", "c", floor: 2));
        Assert.Equal(OperationStatus.Stale, _store.Apply1(1, Append(1, "x", "a")).Status);
        Assert.Equal(OperationStatus.Stale, _store.Apply1(1, Append(2, "x", "b")).Status);
        Assert.Equal("ac", _store.Get("x").Value);
        Assert.Equal(1, _store.Machine.Statistics.Results);
    }

    [Fact]
    public void Floor_AcknowledgesOnlyItsOwnShard()
    {
        var store = new TestStore(shardFunction: ShardFunction.FirstByteModulo(10));
        store.Apply(1, Append(1, "a", "a"), Append(2, "b", "b", floor: 1));
        OperationResult retry = store.Apply1(1, Append(1, "a", "a"));
        Assert.Equal(OperationStatus.Ok, retry.Status);
        Assert.Equal("a", store.Get("a").Value);
    }

    [Fact]
    public void Floor_IsTakenFromARetry()
    {
        _store.Apply(1, Append(1, "x", "a"), Append(2, "x", "b"));
        _store.Apply1(1, Append(2, "x", "b", floor: 1));
        Assert.Equal(1, _store.Machine.Statistics.Results);
    }

    [Fact]
    public void OperationPastItsDeadline_IsRefused_AndNeverHappens()
    {
        _store.Now = 2001;
        Assert.Equal(OperationStatus.DeadlinePassed, _store.Apply1(1, Append(1, "x", "a", deadline: 2000)).Status);
        Assert.Equal(OperationStatus.DeadlinePassed, _store.Apply1(1, Append(1, "x", "a", deadline: 2000)).Status);
        Assert.Equal((null, 0), _store.Get("x"));
        Assert.Equal(default, _store.Machine.Statistics);
    }

    [Fact]
    public void OperationAtItsDeadline_IsApplied()
    {
        _store.Now = 2000;
        Assert.Equal(OperationStatus.Ok, _store.Apply1(1, Append(1, "x", "a", deadline: 2000)).Status);
    }

    [Fact]
    public void RetryPastTheDeadline_StillGetsTheResult()
    {
        OperationResult first = _store.Apply1(1, Append(1, "x", "a", deadline: 2000));
        _store.Now = 2000 + Retention;
        Assert.Equal(first, _store.Apply1(1, Append(1, "x", "a", deadline: 2000)));
        Assert.Equal("a", _store.Get("x").Value);
    }

    [Fact]
    public void RetryPastTheRetention_IsStale_NotSurelyUndone()
    {
        // It did happen, and its result is gone: DeadlinePassed would be a lie.
        _store.Apply1(1, Append(1, "x", "a", deadline: 2000));
        _store.Now = 2001 + Retention;
        SweepAll(_store);
        Assert.Equal(OperationStatus.Stale, _store.Apply1(1, Append(1, "x", "a", deadline: 2000)).Status);
        Assert.Equal("a", _store.Get("x").Value);
    }

    [Fact]
    public void IdleSessions_Vanish_AndAnOldCopyIsStillRefused()
    {
        for (int client = 10; client < 200; client++)
            _store.Apply(client, Append(1, "x" + client, "a", deadline: 5000), Append(2, "y" + client, "a", deadline: 5000));
        Assert.Equal(380, _store.Machine.Statistics.Results);
        _store.Now = 5001 + Retention;
        SweepAll(_store);
        Store.KeyValueStatistics statistics = _store.Machine.Statistics;
        Assert.Equal((0, 0, 380), (statistics.Sessions, statistics.Results, statistics.Keys));
        Assert.Equal(OperationStatus.Stale, _store.Apply1(10, Append(1, "x10", "a", deadline: 5000)).Status);
        Assert.Equal("a", _store.Get("x10").Value);
    }

    [Fact]
    public void AcknowledgedSession_IsKept_WhileACopyCouldStillCome()
    {
        // The floor may be forgotten only when every operation below it would be refused by its own deadline.
        _store.Apply1(1, Append(1, "x", "a", deadline: 500_000));
        _store.Apply1(1, Append(2, "x", "b", floor: 1, deadline: 2000));
        _store.Now = 400_000;
        SweepAll(_store);
        Assert.Equal(OperationStatus.Stale, _store.Apply1(1, Append(1, "x", "a", deadline: 500_000)).Status);
        Assert.Equal("ab", _store.Get("x").Value);
        Assert.Equal(0, _store.Machine.Statistics.Results);
    }

    [Fact]
    public void SessionWithoutDeadlines_IsKeptForEver()
    {
        _store.Apply1(1, Append(1, "x", "a"));
        _store.Now = long.MaxValue / 2;
        SweepAll(_store);
        Assert.Equal(OperationStatus.Ok, _store.Apply1(1, Append(1, "x", "a")).Status);
        Assert.Equal("a", _store.Get("x").Value);
    }

    [Fact]
    public void ResultsOverTheLimit_AreBusy_AndTakeNoSequence()
    {
        var store = new TestStore(KeyValueLimits.Default with { MaxSessionResults = 2 });
        store.Apply(1, Append(1, "x", "a"), Append(2, "x", "b"));
        Assert.Equal(OperationStatus.Busy, store.Apply1(1, Append(3, "x", "c")).Status);
        Assert.Equal(OperationStatus.Ok, store.Apply1(1, Append(3, "x", "c", floor: 1)).Status);
        Assert.Equal("abc", store.Get("x").Value);
    }

    [Fact]
    public void SessionsOverTheLimit_AreBusy()
    {
        var store = new TestStore(KeyValueLimits.Default with { MaxSessionsPerShard = 1 });
        store.Apply1(1, Append(1, "x", "a"));
        Assert.Equal(OperationStatus.Busy, store.Apply1(2, Append(1, "x", "b")).Status);
        Assert.Equal(OperationStatus.Ok, store.Apply1(1, Append(2, "x", "c")).Status);
        Assert.Equal("ac", store.Get("x").Value);
    }

    private static void SweepAll(TestStore store)
    {
        // Entries of another client drive the sweep; each goes a bounded number of steps. Theirs are past their deadline and change nothing else.
        for (int i = 0; i < 200; i++) store.Apply1(999, Put(1, "driver", "", deadline: 1));
    }
}
