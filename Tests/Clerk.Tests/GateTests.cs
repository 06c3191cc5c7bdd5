using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>What goes to groups that the same node leads.</summary>
public sealed class GateTests
{
    // Shard 0 (b, d…) is g2's, shard 1 (a, c…) is g1's.
    private static CoreDriver TwoGroupsLedBy(string first, string second, int inFlight = 2)
    {
        CoreDriver driver = new(options =>
        {
            options.Shards = ShardFunction.FirstByteModulo(2);
            options.Controller = "ctl";
            options.MaxBatchesInFlight = inFlight;
        });
        ClerkOperation[] reads = [driver.Get("a"), driver.Get("b")];
        for (int i = 0; i < 200 && !reads.All(static read => read.IsDone); i++)
        {
            driver.Step();
            foreach (ClerkAttempt attempt in driver.Sent.ToArray())
            {
                driver.Sent.Remove(attempt);
                if (attempt.Kind == AttemptKind.Map)
                    driver.Core.OnReply(attempt, new ClerkReply(ReplyStatus.Ok, ControllerCodec.Encode(new MapAnswer(1, Map())), null, driver.LogTimeMs), driver.NowMs);
                else if (attempt.Target == $"g1/{second}" || attempt.Target == $"g2/{first}") driver.Ok(attempt);
                else driver.Reply(attempt, ReplyStatus.NotLeader, attempt.GroupName == "g1" ? second : first);
            }

            driver.Pass(1);
        }

        Assert.All(reads, static read => Assert.True(read.IsDone));
        driver.Sent.Clear();
        driver.Ended.Clear();
        return driver;
    }

    private static ShardMap Map() => new(
        1, 1, [new ShardPlace(2, 1, 2, 0, 0), new ShardPlace(1, 1, 1, 0, 0)],
        [.. new[] { 1, 2 }.Select(static gid => new GroupPlace(gid, 1, GroupPhase.Active, 0, [.. new[] { "n1", "n2", "n3" }.Select(static node => new ControllerNode(node, Guid.Empty))]))],
        [], []);

    // As many as make a call that others wait for.
    private static ClerkAttempt Many(CoreDriver driver, string key)
    {
        for (int i = 0; i < 64; i++) driver.Put(key);
        driver.Step();
        ClerkAttempt sent = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(64, sent.Count);
        return sent;
    }

    private static string[] Take(CoreDriver driver)
    {
        string[] sent = [.. driver.Sent.Select(static attempt => $"{attempt.Target} with {string.Join(' ', attempt.Writes().Select(static write => System.Text.Encoding.UTF8.GetString(write.Key.Span)))}").Order()];
        driver.Sent.Clear();
        return sent;
    }

    [Fact]
    public void WritesOfGroupsThatOneNodeLeads_ShareACall()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n1");
        driver.Put("a");
        driver.Put("b");
        driver.Step();
        Assert.Equal(2, driver.Sent.Count);
        ClerkCall call = Assert.IsType<ClerkCall>(driver.Sent[0].Call);
        Assert.Same(call, driver.Sent[1].Call);
        Assert.Equal("n1", call.Node);
        Assert.Equal(["g1", "g2"], call.Attempts.Select(static attempt => attempt.GroupName).Order());
    }

    [Fact]
    public void WritesOfGroupsThatDifferentNodesLead_HaveCallsOfTheirOwn_AndDoNotWaitForEachOther()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n2", inFlight: 1);
        driver.Put("a");
        driver.Step();
        driver.Put("b");
        driver.Step();
        Assert.Equal(2, driver.Sent.Count);
        Assert.All(driver.Sent, static attempt => Assert.Single(attempt.Call!.Attempts));
    }

    [Fact]
    public void WhereMuchIsOnItsWay_ASmallCallWaits_UntilAnotherIsAnswered()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n2", inFlight: 1);
        ClerkAttempt large = Many(driver, "a");
        driver.Put("b");
        driver.Step();
        driver.Pass(9);
        Assert.Empty(driver.Sent);
        driver.Ok(large);
        Assert.Equal(["g2/n1 with b"], Take(driver));
    }

    [Fact]
    public void WhereMuchIsOnItsWay_ASmallCallWaits_TenMillisecondsAtMost()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n2", inFlight: 1);
        Many(driver, "a");
        driver.Put("b");
        driver.Step();
        driver.Pass(10);
        Assert.Equal(["g2/n1 with b"], Take(driver));
    }

    [Fact]
    public void WhereMuchIsOnItsWay_ALargeCallDoesNotWait()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n2", inFlight: 1);
        Many(driver, "a");
        Assert.Equal("g2/n1", Many(driver, "b").Target);
    }

    [Fact]
    public void WhenOneOfSeveralCallsIsAnswered_ANodeThatHasNoneGoesFirst()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n2");
        ClerkAttempt first = Many(driver, "a");
        Many(driver, "b");
        foreach (string key in (string[])["a", "b", "b"]) driver.Put(key);
        driver.Step();
        Assert.Empty(driver.Sent);
        driver.Ok(first);
        Assert.Equal(["g1/n2 with a"], Take(driver));
    }

    [Fact]
    public void WhileACallIsOnItsWay_WhatComesUpForItsNodeIsGathered()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n1", inFlight: 1);
        driver.Put("a");
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        driver.Put("b");
        driver.Put("c");
        driver.Step();
        driver.Put("d");
        driver.Step();
        Assert.Empty(driver.Sent);
        driver.Ok(first);
        Assert.Same(driver.Sent[0].Call, driver.Sent[1].Call);
        Assert.Equal(["g1/n1 with c", "g2/n1 with b d"], Take(driver));
    }

    [Fact]
    public void TheFirstAnswerOfACall_LetsTheNextOneGo()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n1", inFlight: 1);
        driver.Put("a");
        driver.Put("b");
        driver.Step();
        ClerkAttempt answered = driver.Sent.Single(static attempt => attempt.GroupName == "g1");
        driver.Sent.Clear();
        driver.Put("c");
        driver.Put("d");
        driver.Step();
        Assert.Empty(driver.Sent);
        driver.Ok(answered);
        Assert.Equal(["g1/n1 with c"], Take(driver));
    }

    [Fact]
    public void AGroupThatDoesNotAnswer_HoldsUpTheOthersOfItsNodeForTenMilliseconds()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n1", inFlight: 1);
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Pass(3);
        driver.Put("b");
        driver.Step();
        driver.Pass(6);
        Assert.Empty(driver.Sent);
        driver.Pass(1);
        Assert.Equal(["g2/n1 with b"], Take(driver));
    }

    [Fact]
    public void ALostCall_LetsTheNextOneGo()
    {
        CoreDriver driver = TwoGroupsLedBy("n1", "n1", inFlight: 1);
        driver.Put("a");
        driver.Step();
        ClerkAttempt lost = driver.TakeSent(AttemptKind.Write);
        driver.Put("b");
        driver.Step();
        Assert.Empty(driver.Sent);
        driver.Fail(lost);
        Assert.Contains("g2/n1 with b", driver.Sent.Where(static attempt => attempt.Kind == AttemptKind.Write).Select(static attempt => $"{attempt.Target} with b"));
    }

    [Fact]
    public void TwoBatchesOfOneGroup_DoNotShareACall()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchOperations = 1).FindLeader();
        driver.Put("a");
        driver.Put("b");
        driver.Step();
        Assert.Equal(2, driver.Sent.Count);
        Assert.NotSame(driver.Sent[0].Call, driver.Sent[1].Call);
    }
}
