using static Quorleans.KeyValue.Tests.HandoffPair;
using static Quorleans.KeyValue.Tests.TestStore;

namespace Quorleans.KeyValue.Tests;

/// <summary>The hand-off's rules one by one; <see cref="HandoffModelTests"/> has them all at once, in any order.</summary>
public sealed class HandoffStepTests
{
    private readonly HandoffPair _pair = new();

    [Fact]
    public void Move_TakesDataVersionsSessionsAndRevisionAlong_WhileTheSourceServes()
    {
        for (int i = 1; i <= 50; i++) _pair.Source.Apply1(1, Put(i, $"key-{i}", new string('v', i * 20)));
        _pair.Copy();
        for (int i = 51; i <= 90; i++) Assert.Equal(OperationStatus.Ok, _pair.Source.Apply1(1 + i % 2, Append(i, $"key-{i % 60}", "+")).Status);
        OperationResult last = _pair.Source.Apply1(1, Append(100, "key-1", "last"));
        (string?, long) before = _pair.Source.Get("key-1");
        UInt128 seal = Status(_pair.Source).Seal;
        _pair.Finish();
        Assert.Equal(seal, Status(_pair.Destination).Seal);
        Assert.Equal(before, _pair.Destination.Get("key-1"));
        // S5: the reply was lost and the shard moved: the retry is answered from the results that came along.
        Assert.Equal(last, _pair.Destination.Apply1(1, Append(100, "key-1", "last")));
        Assert.Equal(before, _pair.Destination.Get("key-1"));
        // No version is used twice.
        Assert.True(_pair.Destination.Apply1(1, Put(101, "new", "x")).Version > last.Version);
    }

    [Fact]
    public void Operations_AreServedByExactlyOneGroup_AtEachStep()
    {
        _pair.Source.Apply1(1, Put(1, "k", "v"));
        Assert.Equal(OperationStatus.WrongShard, Refused(_pair.Destination));
        _pair.Copy();
        Assert.Equal(new OwnerHint(1, 1, 0), Refusal(_pair.Destination, OperationStatus.WrongShard));
        Assert.Equal("v", _pair.Source.Get("k").Value);
        _pair.Source.Step(Command(HandoffKind.Freeze));
        Assert.Equal(new OwnerHint(2, 2, 3), Refusal(_pair.Source, OperationStatus.Moving));
        Assert.Equal(OperationStatus.WrongShard, Refused(_pair.Destination));
        _pair.Finish();
        Assert.Equal("v", _pair.Destination.Get("k").Value);
        Assert.Equal(HandoffOutcome.Done, _pair.Source.Step(Command(HandoffKind.Release)));
        Assert.Equal(new OwnerHint(2, 2, 0), Refusal(_pair.Source, OperationStatus.WrongShard));
        Assert.Equal(0, Status(_pair.Source).Keys);
        Assert.Equal(default, _pair.Source.Machine.Statistics);
    }

    [Fact]
    public void Operation_LoggedBeforeAndAppliedBehindTheFreeze_IsRefused_AndItsRetryExecutes()
    {
        // S8: it was accepted while the source owned the shard. S7: the refusal does not consume its sequence.
        _pair.Copy();
        _pair.Source.Step(Command(HandoffKind.Freeze));
        Assert.Equal(OperationStatus.Moving, _pair.Source.Apply1(1, Append(1, "k", "x")).Status);
        _pair.Finish();
        Assert.Equal(OperationStatus.Ok, _pair.Destination.Apply1(1, Append(1, "k", "x")).Status);
        Assert.Equal(OperationStatus.Ok, _pair.Destination.Apply1(1, Append(1, "k", "x")).Status);
        Assert.Equal("x", _pair.Destination.Get("k").Value);
    }

    [Fact]
    public void Batch_OverTwoShards_IsDecidedOperationByOperation()
    {
        ShardFunction labs = ShardFunction.FirstByteModulo(10);
        var store = new TestStore(shardFunction: labs, self: A);
        ShardMove move = Move with { Shard = labs.Of("a"u8) };
        store.Step(Command(HandoffKind.ExportBegin, move: move));
        store.Step(Command(HandoffKind.Freeze, move: move));
        OperationResult[] results = store.Apply(1, Put(1, "a1", "x"), Put(2, "b1", "x"), Put(3, "a2", "x"));
        Assert.Equal([OperationStatus.Moving, OperationStatus.Ok, OperationStatus.Moving], results.Select(result => result.Status));
        Assert.Equal(["b1"], store.Scan().Keys);
        OperationResult page = Assert.Single(store.Query(ReadOperation.Scan(default, default, default, default, 10)));
        IEnumerable<int> covered = Enumerable.Range(0, 10).Where(shard => ShardBits.Contains(page.Covered!.Value.Span, new ShardId(shard)));
        Assert.Equal(Enumerable.Range(0, 10).Where(shard => shard != move.Shard.Value), covered);
    }

    [Fact]
    public void EveryStep_RepeatedOrLate_ChangesNothing()
    {
        // S4: all commands of a whole move, delivered again at every later moment, at both groups.
        var sent = new List<byte[]>();
        void Step(TestStore store, HandoffCommand command)
        {
            Assert.Equal(HandoffOutcome.Done, store.Step(command));
            sent.Add(command.ToArray());
            foreach (byte[] old in sent)
            {
                UInt128 source = _pair.Source.Machine.Digest, destination = _pair.Destination.Machine.Digest;
                _pair.Source.ApplyPayload(old, wantResult: false);
                _pair.Destination.ApplyPayload(old, wantResult: false);
                Assert.Equal((source, destination), (_pair.Source.Machine.Digest, _pair.Destination.Machine.Digest));
            }
        }

        for (int i = 1; i <= 20; i++) _pair.Source.Apply1(1, Put(i, $"k{i}", new string('v', 100)));
        Step(_pair.Source, Command(HandoffKind.ExportBegin));
        for (int i = 21; Status(_pair.Destination).Phase != ShardPhase.Serving; i++)
        {
            if (i < 50) _pair.Source.Apply1(1, Append(i, $"k{i % 20}", "+"));
            if (i == 60) Step(_pair.Source, Command(HandoffKind.Freeze));
            if (ToCommand(_pair.Pull(), Move, out HandoffCommand command)) Step(_pair.Destination, command);
        }

        _pair.Destination.Apply1(1, Put(1000, "k1", "newer"));
        Step(_pair.Source, Command(HandoffKind.Release));
        Assert.Equal("newer", _pair.Destination.Get("k1").Value);
    }

    [Fact]
    public void FirstOfAbortAndFreeze_InTheSourcesLog_Wins()
    {
        _pair.Copy();
        Assert.Equal(HandoffOutcome.Done, _pair.Source.Step(Command(HandoffKind.ExportAbort)));
        Assert.Equal(HandoffOutcome.Ignored, _pair.Source.Step(Command(HandoffKind.Freeze)));
        Assert.Equal(PullKind.Aborted, _pair.Pull().Kind);
        Assert.Equal(HandoffOutcome.Done, _pair.PullAndStep());
        Assert.Equal(ShardPhase.Released, Status(_pair.Destination).Phase);
        Assert.Equal(OperationStatus.Ok, _pair.Source.Apply1(1, Put(1, "k", "v")).Status);

        var other = new HandoffPair();
        other.Copy();
        Assert.Equal(HandoffOutcome.Done, other.Source.Step(Command(HandoffKind.Freeze)));
        Assert.Equal(HandoffOutcome.Ignored, other.Source.Step(Command(HandoffKind.ExportAbort)));
        other.Finish();
    }

    [Fact]
    public void Abort_OfAMoveThatNeverBegan_FencesItOff()
    {
        Assert.Equal(HandoffOutcome.Done, _pair.Source.Step(Command(HandoffKind.ExportAbort)));
        Assert.Equal(HandoffOutcome.Ignored, _pair.Source.Step(Command(HandoffKind.ExportBegin)));
        Assert.Equal(PullKind.Aborted, _pair.Pull().Kind);
        _pair.PullAndStep();
        Assert.Equal(HandoffOutcome.Ignored, _pair.Destination.Step(Command(HandoffKind.ImportBegin)));
    }

    [Fact]
    public void NewAttempt_ThrowsTheStagingAway_AndOldChunksDoNotMixIn()
    {
        for (int i = 1; i <= 20; i++) _pair.Source.Apply1(1, Put(i, $"k{i}", new string('v', 100)));
        _pair.Source.Step(Command(HandoffKind.ExportBegin));
        _pair.PullAndStep();
        _pair.PullAndStep();
        PullAnswer old = _pair.Pull();
        // The leader restarted: its view is gone, so it begins again, with other data.
        _pair.Source.RestoreFrom(_pair.Source.Snapshot());
        Assert.Equal(PullKind.NoView, _pair.Pull().Kind);
        for (int i = 21; i <= 40; i++) _pair.Source.Apply1(1, Put(i, $"k{i - 20}", "new"));
        _pair.Source.Step(Command(HandoffKind.ExportBegin, attempt: 2));
        _pair.PullAndStep();
        _pair.PullAndStep();
        // The old chunk has the very number that comes next.
        Assert.Equal(old.Number, Status(_pair.Destination).Next);
        Assert.Equal(HandoffOutcome.Ignored, _pair.Take(old));
        _pair.Copy(attempt: 2);
        _pair.Finish();
        Assert.Equal(("new", 21), _pair.Destination.Get("k1"));
    }

    [Fact]
    public void WrongDigest_LeavesTheSourceFrozenAndTheDestinationSilent_AndANewAttemptIsTheWayOut()
    {
        _pair.Source.Apply1(1, Put(1, "k", "v"));
        _pair.Copy();
        _pair.Source.Apply1(1, Put(2, "k", "w"));
        _pair.Source.Step(Command(HandoffKind.Freeze));
        PullAnswer wrong = _pair.Pull() with { Seal = 1 };
        Assert.Equal(HandoffOutcome.Failed, _pair.Take(wrong));
        Assert.Equal((ShardPhase.Frozen, ShardPhase.Importing), (Status(_pair.Source).Phase, Status(_pair.Destination).Phase));
        Assert.Equal((1, ImportStage.Failed), (Status(_pair.Destination).Failures, Status(_pair.Destination).Stage));
        _pair.Pull();
        Assert.True(Status(_pair.Source).PeerFailed);
        // A frozen shard is exported from itself, by any replica.
        _pair.Copy(attempt: 2);
        _pair.Source.RestoreFrom(_pair.Source.Snapshot());
        _pair.Finish();
        Assert.Equal(("w", 2), _pair.Destination.Get("k"));
    }

    [Fact]
    public void Restart_BetweenFreezeAndActivation_OfBothGroups_GoesOn()
    {
        // S10: nothing is dropped before the destination's activation is in its log.
        for (int i = 1; i <= 10; i++) _pair.Source.Apply1(1, Put(i, $"k{i}", "v"));
        _pair.Copy();
        _pair.Source.Apply1(1, Put(11, "k1", "last"));
        _pair.Source.Step(Command(HandoffKind.Freeze));
        _pair.Source.RestoreFrom(_pair.Source.Snapshot());
        _pair.Destination.RestoreFrom(_pair.Destination.Snapshot());
        Assert.Equal(PullKind.NoView, _pair.Pull().Kind);
        _pair.Copy(attempt: 2);
        _pair.Finish();
        Assert.Equal("last", _pair.Destination.Get("k1").Value);
    }

    [Fact]
    public void Snapshot_InMidMove_HoldsTheStaging_AlsoOfAValueThatSpansChunks()
    {
        _pair.Source.Apply(1, Put(1, "large", new string('x', 1500)), Put(2, "small", "y"));
        _pair.Source.Step(Command(HandoffKind.ExportBegin));
        for (int i = 0; Status(_pair.Destination).Stage != ImportStage.CatchingUp; i++)
        {
            byte[] snapshot = _pair.Destination.Snapshot();
            UInt128 digest = _pair.Destination.Machine.Digest;
            _pair.Destination.RestoreFrom(snapshot);
            Assert.Equal(digest, _pair.Destination.Machine.Digest);
            Assert.Equal(snapshot, _pair.Destination.Snapshot());
            Assert.Equal(HandoffOutcome.Done, _pair.PullAndStep());
        }

        _pair.Finish();
        Assert.Equal(new string('x', 1500), _pair.Destination.Get("large").Value);
    }

    [Fact]
    public void Activation_IsNotEarlierThanTheSourcesLogTime()
    {
        // A deadline that was over at the source must be over at the destination.
        _pair.Source.Now = 50_000;
        _pair.Copy();
        _pair.Source.Step(Command(HandoffKind.Freeze));
        Assert.Equal(HandoffOutcome.TooEarly, _pair.PullAndStep());
        Assert.Equal(ShardPhase.Importing, Status(_pair.Destination).Phase);
        _pair.Destination.Now = 50_000;
        _pair.Finish();
        Assert.Equal(OperationStatus.DeadlinePassed, _pair.Destination.Apply1(1, Put(1, "k", "v", deadline: 49_999)).Status);
    }

    [Fact]
    public void Sessions_WithManyResults_SpanChunks_AndKeepTheirFloors()
    {
        for (int client = 1; client <= 5; client++)
        {
            _pair.Source.Apply1(client, Put(1, "k", "v"));
            for (int i = 2; i <= 100; i++) _pair.Source.Apply1(client, Put(i, "k", "v", floor: 1, deadline: 5000 + i));
        }

        _pair.Copy();
        _pair.Finish();
        Assert.Equal(OperationStatus.Stale, _pair.Destination.Apply1(3, Put(1, "k", "v", floor: 0)).Status);
        OperationResult again = _pair.Destination.Apply1(3, Put(50, "k", "v", floor: 1));
        Assert.Equal(2 * 100 + 50, again.Version);
    }

    [Fact]
    public void Chunk_IsTheViewsState_WhileTheSourceWritesOn()
    {
        // S14: an answer must hold copies, and the view must not see what is written later, in place or behind the end.
        _pair.Source.Apply1(1, Put(1, "k", "0123456789"));
        _pair.Source.Step(Command(HandoffKind.ExportBegin));
        _pair.PullAndStep();
        PullAnswer before = _pair.Pull();
        byte[] content = before.Content.ToArray();
        _pair.Source.Apply(1, Put(2, "k", "9876543210"), Append(3, "k", "+"), Delete(4, "k"), Put(5, "k", "abcdefghij"));
        Assert.Equal(content, before.Content.ToArray());
        Assert.Equal(content, _pair.Pull().Content.ToArray());
        _pair.Take(before);
        _pair.Finish();
        Assert.Equal(("abcdefghij", 5), _pair.Destination.Get("k"));
    }

    [Fact]
    public void Buffer_OverItsBudget_ForgetsTheView()
    {
        var pair = new HandoffPair(Small with { BufferBytes = 1000 });
        pair.Copy();
        for (int i = 1; i <= 20; i++) pair.Source.Apply1(1, Put(i, "k", new string('v', 100)));
        Assert.False(Status(pair.Source).HasView);
        Assert.Equal(PullKind.NoView, pair.Pull().Kind);
        pair.Copy(attempt: 2);
        pair.Finish();
        Assert.Equal(20, pair.Destination.Get("k").Version);
    }

    [Fact]
    public void Sweep_LeavesAShardOnTheMoveAlone()
    {
        _pair.Source.Apply1(1, Put(1, "k", "v", deadline: 2000));
        _pair.Copy();
        _pair.Source.Now = _pair.Destination.Now = 1_000_000;
        for (int i = 1; i < 50; i++) _pair.Source.Apply1(2, Put(i, "other", "v"));
        _pair.Finish();
        Assert.Equal(2, _pair.Destination.Machine.Statistics.Sessions);
        _pair.Destination.Now += 100_000;
        for (int i = 50; i < 100; i++) _pair.Destination.Apply1(2, Put(i, "other", "v", floor: i - 1));
        Assert.Equal(1, _pair.Destination.Machine.Statistics.Sessions);
    }

    [Fact]
    public void OldIncarnation_AndOtherGroup_AnswerAndApplyNothing()
    {
        var recreated = new TestStore(shardFunction: ShardFunction.HashTag(1), self: A with { Incarnation = 99 });
        Assert.Equal(HandoffOutcome.Ignored, recreated.Step(Command(HandoffKind.ExportBegin)));
        Assert.Equal(PullKind.WrongGroup, recreated.Pull(Request(_pair.Destination, Move)).Kind);
        Assert.Equal(HandoffOutcome.Ignored, _pair.Source.Step(Command(HandoffKind.ImportBegin)));
        Assert.Throws<InvalidDataException>(() => LoadInto(recreated, Frozen()));
    }

    [Fact]
    public void EmptyShard_IsActivatedOnce()
    {
        ShardMove first = Move with { From = GroupRef.None, Epoch = 1 };
        Assert.Equal(HandoffOutcome.Done, _pair.Destination.Step(Command(HandoffKind.ActivateEmpty, move: first)));
        _pair.Destination.Apply1(1, Put(1, "k", "v"));
        Assert.Equal(HandoffOutcome.Ignored, _pair.Destination.Step(Command(HandoffKind.ActivateEmpty, move: first)));
        Assert.Equal("v", _pair.Destination.Get("k").Value);
    }

    [Fact]
    public void Snapshot_OfFormat1_IsAGroupThatOwnsEverything()
    {
        var store = new TestStore();
        byte[] snapshot = store.Snapshot();
        // The header of version 2 has one byte more: no moves.
        int moves = snapshot.Length - 3;
        Assert.Equal(0, snapshot[moves]);
        byte[] old = [.. snapshot[..4], 1, .. snapshot[5..moves], .. snapshot[(moves + 1)..]];
        store.RestoreFrom(old);
        Assert.Equal(OperationStatus.Ok, store.Apply1(1, Put(1, "k", "v")).Status);
        Assert.Equal(1, store.Machine.DescribeShard(new ShardId(0)).Epoch);
    }

    [Fact]
    public void Load_RefusesEveryDamage_InMidMove()
    {
        byte[] snapshot = Frozen();
        var store = new TestStore(shardFunction: ShardFunction.HashTag(1), self: A);
        for (int length = 0; length < snapshot.Length; length++) Assert.Throws<InvalidDataException>(() => LoadInto(store, snapshot[..length]));
        for (int i = 25; i < snapshot.Length; i++)
        {
            byte[] damaged = [.. snapshot];
            damaged[i] ^= 0x10;
            Assert.Throws<InvalidDataException>(() => LoadInto(store, damaged));
        }
    }

    private byte[] Frozen()
    {
        _pair.Source.Apply1(1, Put(1, "k", "v"));
        _pair.Source.Step(Command(HandoffKind.ExportBegin));
        _pair.Source.Step(Command(HandoffKind.Freeze));
        return _pair.Source.Snapshot();
    }

    private static void LoadInto(TestStore store, byte[] snapshot) => store.Machine.Load(new MemoryStream(snapshot), CancellationToken.None);

    private static OperationStatus Refused(TestStore store) => store.Apply1(1, Put(900, "k", "x")).Status;

    private static OwnerHint? Refusal(TestStore store, OperationStatus expected)
    {
        OperationResult write = store.Apply1(1, Put(900, "k", "x"));
        OperationResult read = Assert.Single(store.Query(ReadOperation.Get("k"u8.ToArray())));
        Assert.Equal((expected, expected), (write.Status, read.Status));
        Assert.Equal(write.Owner, read.Owner);
        return write.Owner;
    }
}
