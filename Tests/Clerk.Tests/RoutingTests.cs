using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Which group an operation goes to.</summary>
public sealed class RoutingTests
{
    // Shard 0 holds what begins with an even letter code (b, d…), shard 1 the others (a, c…).
    private static CoreDriver NewDriver(bool asks = true) => new(options =>
    {
        options.Shards = ShardFunction.FirstByteModulo(2);
        options.Controller = asks ? "ctl" : null;
    });

    private static ShardMap Map(long revision, (int Owner, long Epoch)[] shards, params (int Gid, long Incarnation, string[] Nodes)[] groups) => new(
        revision, revision,
        [.. shards.Select(static shard => new ShardPlace(shard.Owner, shard.Epoch, shard.Owner, 0, 0))],
        [.. groups.Select(static group => new GroupPlace(
            group.Gid, group.Incarnation, GroupPhase.Active, 0, [.. group.Nodes.Select(static node => new ControllerNode(node, Guid.Empty))]))],
        [], []);

    private static void Tell(CoreDriver driver, ShardMap map)
    {
        ClerkAttempt question = driver.Sent.First(static sent => sent.Kind == AttemptKind.Map);
        driver.Sent.Remove(question);
        Assert.StartsWith("ctl/", question.Target, StringComparison.Ordinal);
        driver.Core.OnReply(question, new ClerkReply(ReplyStatus.Ok, ControllerCodec.Encode(new MapAnswer(map.Revision, map)), null, driver.LogTimeMs), driver.NowMs);
        driver.Step();
    }

    /// <summary>Lets every probe of a group succeed at one node, until a batch for it comes.</summary>
    private static ClerkAttempt Batch(CoreDriver driver, string leader)
    {
        for (int i = 0; i < 100; i++)
        {
            string group = leader[..leader.IndexOf('/', StringComparison.Ordinal)];
            foreach (ClerkAttempt probe in driver.Sent.Where(sent => sent.Kind == AttemptKind.Probe && sent.Target.StartsWith(group, StringComparison.Ordinal)).ToArray())
            {
                driver.Sent.Remove(probe);
                if (probe.Target == leader) driver.Ok(probe);
                else driver.Reply(probe, ReplyStatus.NotLeader, leader[(group.Length + 1)..]);
            }

            if (driver.Sent.Find(sent => sent.Target == leader && sent.Count > 0) is { } batch)
            {
                driver.Sent.Remove(batch);
                return batch;
            }

            driver.Pass(5);
        }

        throw new InvalidOperationException($"nothing was sent to {leader}");
    }

    private static CoreDriver TwoGroups()
    {
        CoreDriver driver = NewDriver();
        ClerkOperation[] first = [driver.Get("a"), driver.Get("b")];
        driver.Step();
        Tell(driver, Map(7, [(1, 1), (2, 2)], (1, 1, ["n1", "n2"]), (2, 5, ["n3", "n4"])));
        driver.Ok(Batch(driver, "g2/n3"));
        driver.Ok(Batch(driver, "g1/n1"));
        Assert.All(first, static operation => Assert.True(operation.IsDone));
        driver.Sent.Clear();
        driver.Ended.Clear();
        return driver;
    }

    [Fact]
    public void TheControllerIsAskedAtTheFirstOperation_AndOperationsGoToTheirShardsGroups()
    {
        CoreDriver driver = TwoGroups();
        Assert.Equal(7, driver.Core.ConfigurationNumber);
        driver.Put("a1");
        driver.Put("b1");
        driver.Put("c1");
        driver.Step();

        Assert.Equal(["a1", "c1"], Batch(driver, "g2/n3").Writes().Select(static write => System.Text.Encoding.UTF8.GetString(write.Key.Span)));
        Assert.Single(Batch(driver, "g1/n1").Writes());
        Assert.DoesNotContain(driver.Sent, static sent => sent.Kind == AttemptKind.Map);
    }

    [Fact]
    public void AGroupHasASecondBatchInFlight_OnlyWhileNoOtherGroupHasOne()
    {
        CoreDriver driver = TwoGroups();
        driver.Put("a1");
        driver.Put("b1");
        driver.Step();
        ClerkAttempt first = Batch(driver, "g2/n3");
        ClerkAttempt other = Batch(driver, "g1/n1");
        driver.Put("a2");
        driver.Step();
        driver.Put("a3");
        driver.Step();
        Assert.Empty(driver.Sent);

        // Nothing is in flight to the other group any more: there is room for a second batch here, but for no third.
        driver.Ok(other);
        Assert.Equal(2, Batch(driver, "g2/n3").Count);
        driver.Put("a4");
        driver.Step();
        Assert.Empty(driver.Sent);
        driver.Ok(first);
        Assert.Single(Batch(driver, "g2/n3").Writes());
    }

    [Fact]
    public void TheControllerIsAskedNowAndThen_ButNotByAnIdleClerk()
    {
        CoreDriver driver = TwoGroups();
        driver.Pass(100_000);
        Assert.Empty(driver.Sent);
        driver.Put("a");
        driver.Step();
        Assert.Single(driver.Sent, static sent => sent.Kind == AttemptKind.Map);
    }

    [Fact]
    public void ARefusalWithNews_SendsTheOperationOnAtOnce_AndOldNewsDoesNot()
    {
        CoreDriver driver = TwoGroups();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Ok(Batch(driver, "g2/n3"), static results => results.AddOwner(OperationStatus.WrongShard, new OwnerHint(1, 3, 0)));
        ClerkAttempt second = Batch(driver, "g1/n1");
        Assert.Equal(put.Sequence, second.Writes()[0].Sequence);

        // Epoch 2 is over: no way back by that.
        driver.Ok(second, static results => results.AddOwner(OperationStatus.WrongShard, new OwnerHint(2, 2, 0)));
        Assert.DoesNotContain(driver.Sent, static sent => sent.Target.StartsWith("g2", StringComparison.Ordinal));
        driver.Ok(Batch(driver, "g1/n1"));
        Assert.Null(put.Error);
    }

    [Fact]
    public void WhatIsRefusedHoldsUpNothingElse_AndTheWholeShardWaitsTogether()
    {
        CoreDriver driver = TwoGroups();
        driver.Put("a1");
        driver.Step();
        driver.Ok(Batch(driver, "g2/n3"), static results => results.AddOwner(OperationStatus.Moving, new OwnerHint(1, 3, 50)));
        driver.Put("a2");
        driver.Put("b1");
        driver.Step();
        Assert.Equal(1, Batch(driver, "g1/n1").Count);
        driver.Pass(49);
        Assert.DoesNotContain(driver.Sent, static sent => sent.Count > 0);
        driver.Pass(1);
        Assert.Equal(2, Batch(driver, "g1/n1").Count);
    }

    [Fact]
    public void ADeadGroupHoldsUpItsOwnShardsOnly()
    {
        CoreDriver driver = TwoGroups();
        for (int round = 0; round < 150; round++)
        {
            driver.Put("a");
            ClerkOperation put = driver.Put("b");
            driver.Step();
            driver.Ok(Batch(driver, "g1/n1"));
            Assert.True(put.IsDone);
            driver.Pass(20);
        }

        Assert.Equal(150, driver.Core.Outstanding);
        Assert.Contains(driver.Sent, static sent => sent.Kind == AttemptKind.Map);
    }

    [Fact]
    public void ARefusalThatMayBeACopys_LeavesTheOutcomeUnknown()
    {
        foreach ((bool mayBeCopy, OperationOutcome expected) in new[] { (false, OperationOutcome.DidNotHappen), (true, OperationOutcome.Unknown) })
        {
            CoreDriver driver = TwoGroups();
            ClerkOperation put = driver.Put("a");
            driver.Step();
            ResultBatchBuilder results = new();
            results.Begin(1);
            results.AddOwner(OperationStatus.Moving, new OwnerHint(1, 3, 0));
            driver.Core.OnReply(Batch(driver, "g2/n3"), new ClerkReply(ReplyStatus.Ok, results.Build(), null, driver.LogTimeMs, null, mayBeCopy), driver.NowMs);
            driver.Core.Close();
            Assert.Equal(expected, put.Outcome);
        }
    }

    [Fact]
    public void TheDeadlineStaysTheSameInAnotherGroup_WhileAnAttemptIsOpen_AndIsMadeAnewOtherwise()
    {
        foreach (bool isOpen in new[] { true, false })
        {
            CoreDriver driver = TwoGroups();
            driver.Put("b");
            driver.Step();
            driver.Core.OnReply(Batch(driver, "g1/n1"), Served(1, driver.LogTimeMs + 100_000), driver.NowMs);
            driver.Put("a");
            driver.Step();
            ClerkAttempt first = Batch(driver, "g2/n3");
            long deadline = first.Writes()[0].DeadlineMs;
            if (isOpen)
            {
                driver.Fail(first);
                first = Batch(driver, "g2/n3");
            }

            driver.Ok(first, static results => results.AddOwner(OperationStatus.WrongShard, new OwnerHint(1, 3, 0)));
            Assert.InRange(Batch(driver, "g1/n1").Writes()[0].DeadlineMs - deadline, isOpen ? 0 : 99_000, isOpen ? 0 : 101_000);
        }
    }

    [Fact]
    public void AHintThatLedAstray_IsForgotten_WhenTheControllerSaysOtherwise()
    {
        CoreDriver driver = TwoGroups();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Ok(Batch(driver, "g2/n3"), static results => results.AddOwner(OperationStatus.Moving, new OwnerHint(1, 3, 0)));
        for (int i = 0; i < 100 && !put.IsDone; i++)
        {
            driver.Pass(50);
            foreach (ClerkAttempt sent in driver.Sent.ToArray())
            {
                if (sent.Kind == AttemptKind.Map) Tell(driver, Map(7, [(1, 1), (2, 2)], (1, 1, ["n1", "n2"]), (2, 5, ["n3", "n4"])));
                else if (sent.Target.StartsWith("g2", StringComparison.Ordinal)) driver.Ok(sent);
                else driver.Ok(sent, OperationStatus.WrongShard);
                driver.Sent.Remove(sent);
            }
        }

        Assert.True(put.IsDone);
        Assert.Null(put.Error);
    }

    [Fact]
    public void AGroupThatJoinedAgain_IsLookedForOnItsNewNodes()
    {
        CoreDriver driver = TwoGroups();
        driver.Pass(40_000);
        ClerkOperation put = driver.Put("a");
        driver.Step();
        Batch(driver, "g2/n3");
        Tell(driver, Map(9, [(1, 1), (2, 4)], (1, 1, ["n1", "n2"]), (2, 8, ["n5", "n6"])));
        driver.Pass(2_000);
        driver.Sent.Clear();
        driver.Pass(1_000);
        Assert.Contains(driver.Sent, static sent => sent.Target == "g2/n6");
        Assert.DoesNotContain(driver.Sent, static sent => sent.Target == "g2/n3");
        driver.Sent.RemoveAll(static sent => sent.Kind != AttemptKind.Probe);
        driver.Ok(Batch(driver, "g2/n6"));
        Assert.Null(put.Error);
    }

    [Fact]
    public void OperationsWaitForAnOwner_WhenNobodyHasTheShard()
    {
        CoreDriver driver = NewDriver();
        ClerkOperation get = driver.Get("a");
        driver.Step();
        Tell(driver, Map(1, [(0, 0), (0, 0)]));
        driver.Sent.Clear();
        driver.Pass(3_000);
        Assert.All(driver.Sent, static sent => Assert.Equal(AttemptKind.Map, sent.Kind));
        Tell(driver, Map(2, [(3, 1), (3, 1)], (3, 2, ["n1"])));
        driver.Ok(Batch(driver, "g3/n1"), OperationStatus.NotFound);
        Assert.Null(get.Error);
    }

    [Fact]
    public void AScanAsksEachGroupForItsShards_AndMergesThem()
    {
        CoreDriver driver = TwoGroups();
        ClerkOperation scan = driver.Submit(new ClerkOperation(new ScanRequest { Limit = 3 }));
        driver.Step();
        ClerkAttempt one = Batch(driver, "g1/n1"), two = Batch(driver, "g2/n3");
        Assert.Equal([1], one.ScanShards());
        Assert.Equal([2], two.ScanShards());
        driver.Ok(one, static results => Page(results, ["b", "d", "f"], "f"));
        Assert.False(scan.IsDone);
        driver.Ok(two, static results => Page(results, ["a", "c"], ""));
        Assert.Equal(["a", "b", "c"], Keys(scan));

        ClerkOperation next = driver.Submit(new ClerkOperation(new ScanRequest { Limit = 3, Continuation = scan.ResultPage!.Continuation }));
        driver.Step();
        one = Batch(driver, "g1/n1");
        Assert.Equal("c"u8, Assert.Single(one.Reads()).After.Span);
        driver.Ok(one, static results => Page(results, ["d", "f"], ""));
        driver.Ok(Batch(driver, "g2/n3"), static results => Page(results, [], ""));
        Assert.Equal(["d", "f"], Keys(next));
        Assert.Null(next.ResultPage!.Continuation);
    }

    [Fact]
    public void AShardThatMovesBetweenTheParts_IsNeitherMissedNorReadTwice()
    {
        CoreDriver driver = TwoGroups();
        ClerkOperation scan = driver.Submit(new ClerkOperation(new ScanRequest()));
        driver.Step();
        ClerkAttempt one = Batch(driver, "g1/n1"), two = Batch(driver, "g2/n3");
        driver.Ok(one, static results => Page(results, ["b"], ""));

        // Shard 1 has left g2 meanwhile.
        driver.Ok(two, static results =>
        {
            results.BeginScan();
            results.EndScan(default, [0]);
        });
        Assert.False(scan.IsDone);
        Tell(driver, Map(8, [(1, 1), (1, 3)], (1, 1, ["n1", "n2"]), (2, 5, ["n3", "n4"])));
        ClerkAttempt again = Batch(driver, "g1/n1");
        Assert.Equal([2], again.ScanShards());
        driver.Ok(again, static results => Page(results, ["a"], ""));
        Assert.Equal(["a", "b"], Keys(scan));
    }

    private static string[] Keys(ClerkOperation scan) =>
        [.. scan.ResultPage!.Items.Select(static item => System.Text.Encoding.UTF8.GetString(item.Key.Span))];

    private static void Page(ResultBatchBuilder results, string[] keys, string continuation)
    {
        results.BeginScan();
        foreach (string key in keys) results.AddScanItem(System.Text.Encoding.UTF8.GetBytes(key), "v"u8, 1);
        results.EndScan(System.Text.Encoding.UTF8.GetBytes(continuation));
    }

    private static ClerkReply Served(int count, long logTimeMs)
    {
        ResultBatchBuilder results = new();
        results.Begin(count);
        for (int i = 0; i < count; i++) results.Add(OperationStatus.Ok, 1);
        return new ClerkReply(ReplyStatus.Ok, results.Build(), null, logTimeMs);
    }
}
