using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>How the leader is found, remembered, doubted and replaced.</summary>
public sealed class LeaderTests
{
    [Fact]
    public void NothingIsSentButAProbe_BeforeALeaderHasProvenItself()
    {
        CoreDriver driver = new();
        driver.Put("a");
        driver.Step();

        Assert.Empty(driver.TakeSent(AttemptKind.Probe).Reads());
    }

    [Fact]
    public void NobodyIsAsked_WhileThereIsNoWork()
    {
        CoreDriver driver = new();
        driver.Step();
        Assert.Empty(driver.Sent);
        Assert.Equal(long.MaxValue, driver.Core.NextWakeMs);

        driver.FindLeader();
        driver.Pass(60_000);
        Assert.Empty(driver.Sent);
    }

    [Fact]
    public void AHintIsFollowedAtOnce()
    {
        CoreDriver driver = new();
        driver.Put("a");
        driver.Step();
        ClerkAttempt probe = driver.TakeSent(AttemptKind.Probe);
        string other = probe.Target == "g1/n3" ? "n2" : "n3";
        driver.Reply(probe, ReplyStatus.NotLeader, other);

        Assert.Equal($"g1/{other}", driver.TakeSent(AttemptKind.Probe).Target);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFollowerThatAnswersAProbe_IsNotTakenForTheLeader_NorItsLogTimeForTheGroups(bool namesTheLeader)
    {
        CoreDriver driver = new(static options => options.Nodes = ["n1", "n2"]);
        driver.Put("a");
        driver.Step();
        ClerkAttempt follower = driver.TakeSent(AttemptKind.Probe);
        string leader = follower.Target == "g1/n1" ? "n2" : "n1";
        driver.Core.OnReply(follower, new ClerkReply(ReplyStatus.Ok, default, namesTheLeader ? leader : "", LogTimeMs: 1), driver.NowMs);
        driver.Step();
        Assert.Null(driver.Core.LeaderNode);
        if (!namesTheLeader) driver.Pass(20);
        driver.Ok(driver.TakeSent(AttemptKind.Probe));

        Assert.Equal(leader, driver.Core.LeaderNode);
        long deadlineMs = Assert.Single(driver.TakeSent(AttemptKind.Write).Writes()).DeadlineMs;
        Assert.True(deadlineMs > driver.LogTimeMs, $"{deadlineMs} is over at {driver.LogTimeMs}");
    }

    [Fact]
    public void ANodeThatIsNotConfigured_IsLearntFromAHint()
    {
        CoreDriver driver = new(static options => options.Nodes = ["n1"]);
        driver.Put("a");
        driver.Step();
        driver.Reply(driver.TakeSent(AttemptKind.Probe), ReplyStatus.NotLeader, "n9");
        ClerkAttempt probe = driver.TakeSent(AttemptKind.Probe);
        Assert.Equal("g1/n9", probe.Target);
        driver.Ok(probe);

        Assert.Equal("n9", driver.Core.LeaderNode);
        Assert.Equal("g1/n9", driver.TakeSent(AttemptKind.Write).Target);
    }

    [Fact]
    public void TwoReplicasThatNameEachOther_AreNotHammered()
    {
        CoreDriver driver = new(static options => options.Nodes = ["n1", "n2"]);
        driver.Put("a");
        int probes = 0;
        for (long end = 5_000; driver.NowMs < end;)
        {
            driver.Step();
            while (driver.Sent.Count > 0)
            {
                ClerkAttempt probe = driver.Sent[0];
                driver.Sent.RemoveAt(0);
                probes++;
                driver.Reply(probe, ReplyStatus.NotLeader, probe.Target == "g1/n1" ? "n2" : "n1");
            }

            driver.Pass(1);
        }

        Assert.InRange(probes, 20, 200);
    }

    [Fact]
    public void AReplicaThatHangs_IsNotAskedAgainAndAgain_AndHoldsUpNoOther()
    {
        CoreDriver driver = new();
        driver.Put("a");
        driver.Step().Pass(400);

        // Nobody answers: each of the three has been asked, and none twice within the probe's time-out of 500 ms.
        Assert.Equal(["g1/n1", "g1/n2", "g1/n3"], driver.Sent.Select(static sent => sent.Target).Order(StringComparer.Ordinal));
        driver.Ok(driver.Sent[2]);
        Assert.NotNull(driver.Core.LeaderNode);
    }

    [Fact]
    public void TheOthersAreAsked_WhenTheLeaderIsSilent()
    {
        CoreDriver driver = new CoreDriver().FindLeader("n1");
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Pass(149);
        Assert.Empty(driver.Sent);
        driver.Pass(40);

        Assert.Equal(["g1/n2", "g1/n3"], driver.Sent.Select(static sent => sent.Target).Order(StringComparer.Ordinal));
        Assert.All(driver.Sent, static sent => Assert.Equal(AttemptKind.Probe, sent.Kind));
    }

    [Fact]
    public void WhatIsInFlightGoesToTheNewLeader_AsSoonAsItProvesItself()
    {
        CoreDriver driver = new CoreDriver().FindLeader("n1");
        ClerkOperation put = driver.Put("a");
        driver.Step();
        ClerkAttempt lost = driver.TakeSent(AttemptKind.Write);
        driver.Pass(200);
        ClerkAttempt probe = driver.Sent.First(static sent => sent.Target == "g1/n2");
        driver.Sent.Clear();
        driver.Ok(probe);

        ClerkAttempt retry = driver.TakeSent(AttemptKind.Write);
        Assert.Equal("g1/n2", retry.Target);
        Assert.Equal(lost.Writes()[0].Sequence, retry.Writes()[0].Sequence);
        Assert.Equal(lost.Writes()[0].DeadlineMs, retry.Writes()[0].DeadlineMs);
        driver.Ok(retry);
        Assert.Null(put.Error);
    }

    [Fact]
    public void TheLeaderIsKept_WhileAFollowerStillHearsIt()
    {
        CoreDriver driver = new CoreDriver().FindLeader("n1");
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        for (int i = 0; i < 5; i++)
        {
            driver.Pass(170);
            Assert.NotEmpty(driver.Sent);
            foreach (ClerkAttempt sent in driver.Sent.ToArray())
                if (sent.Kind == AttemptKind.Probe) driver.Reply(sent, ReplyStatus.NotLeader, "n1");
            driver.Sent.Clear();
        }

        Assert.Equal("n1", driver.Core.LeaderNode);
    }

    [Fact]
    public void TheLeaderMustProveItselfAgain_WhenAnAttemptTimesOutAndNobodyHearsIt()
    {
        CoreDriver driver = new CoreDriver().FindLeader("n1");
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Pass(2_000);

        Assert.Null(driver.Core.LeaderNode);
        Assert.DoesNotContain(driver.Sent, static sent => sent.Kind == AttemptKind.Write);
    }

    [Fact]
    public void AnOldProofDoesNotReplaceANewerOne()
    {
        CoreDriver driver = new();
        driver.Put("a");
        driver.Step().Pass(100);
        ClerkAttempt[] probes = [.. driver.Sent];
        Assert.True(probes.Length >= 2);
        driver.Sent.Clear();
        driver.Ok(probes[1]);
        string? leader = driver.Core.LeaderNode;
        driver.Ok(probes[0]);

        Assert.Equal(leader, driver.Core.LeaderNode);
    }

    [Fact]
    public void ALaneThatFailsAgainAndAgain_PausesLongerAndLonger()
    {
        CoreDriver driver = new CoreDriver().FindLeader("n1");
        driver.Put("a");
        int attempts = 0;
        for (long end = driver.NowMs + 5_000; driver.NowMs < end;)
        {
            driver.Step();
            while (driver.Sent.Count > 0)
            {
                ClerkAttempt attempt = driver.Sent[0];
                driver.Sent.RemoveAt(0);
                if (attempt.Kind == AttemptKind.Write)
                {
                    attempts++;
                    driver.Fail(attempt);
                }
                else if (attempt.Target == "g1/n1")
                {
                    driver.Ok(attempt);
                }
                else
                {
                    driver.Reply(attempt, ReplyStatus.NotLeader, "n1");
                }
            }

            driver.Pass(1);
        }

        Assert.InRange(attempts, 10, 100);
    }

    [Fact]
    public void WhatWasUnderWayWhenAConnectionBroke_IsSentAgainSoon()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Put("a");
        driver.Step();
        ClerkAttempt lost = driver.TakeSent(AttemptKind.Write);
        driver.Core.OnConnectionLost(way: null, driver.NowMs);
        driver.Step();
        driver.Pass(20);
        ClerkAttempt again = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(lost.Writes()[0].Sequence, again.Writes()[0].Sequence);
        driver.Ok(again);
        Assert.Null(Assert.Single(driver.Ended).Error);

        // The first one's answer comes after all, and changes nothing.
        driver.Ok(lost);
        Assert.Single(driver.Ended);
    }

    [Fact]
    public void AProbeUnderWayWhenAConnectionBroke_IsSentAgainSoon()
    {
        CoreDriver driver = new(static options => options.Nodes = ["n1"]);
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Probe);
        driver.Core.OnConnectionLost(way: null, driver.NowMs);
        driver.Step();
        driver.Pass(20);
        driver.TakeSent(AttemptKind.Probe);
    }

    [Fact]
    public void AWriteThatWasSentAgainAfterALostConnection_MayHaveHappened()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Core.OnConnectionLost(way: null, driver.NowMs);
        driver.Step();
        driver.Pass(20);
        driver.Reply(driver.TakeSent(AttemptKind.Write), ReplyStatus.Busy);
        driver.Pass(20_000);
        Assert.Equal(OperationOutcome.Unknown, Assert.Single(driver.Ended).Outcome);
    }

    [Fact]
    public void ALostAnswerOfALeaderThatLives_IsAskedForAgainBeforeTheTimeOut_AndTheOthersAreWhenThatIsAnswered()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation first = driver.Put("a");
        driver.Step();
        ClerkAttempt lost = driver.TakeSent(AttemptKind.Write);
        driver.Put("b");
        driver.Step();
        ClerkAttempt lostToo = driver.TakeSent(AttemptKind.Write);
        List<ClerkAttempt> writes = PassWhileFollowersHearTheLeader(driver, 1_000);

        // One of the two, once.
        ClerkAttempt again = Assert.Single(writes);
        Assert.Equal(lost.Writes()[0].Sequence, again.Writes()[0].Sequence);
        driver.Ok(again);
        Assert.Same(first, Assert.Single(driver.Ended));
        Assert.Equal(lostToo.Writes()[0].Sequence, driver.TakeSent(AttemptKind.Write).Writes()[0].Sequence);
    }

    /// <summary>Found by the simulator: seed 5133, profile sharded.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALeaderThatIsTheOnlyReplica_IsAskedAgain_WhenAnAnswerWasLost(bool byLostConnection)
    {
        CoreDriver driver = new CoreDriver(static options => (options.Nodes, options.Batching) = (["n1"], false)).FindLeader("n1");
        driver.Put("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Pass(20);
        driver.Put("b");
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write));
        driver.Ended.Clear();
        driver.Pass(400);
        if (byLostConnection) driver.Core.OnConnectionLost(way: null, driver.NowMs);
        driver.Step();
        driver.Pass(400);
        driver.Ok(driver.TakeSent(AttemptKind.Probe));
        driver.Pass(20);
        driver.Ok(driver.TakeSent(AttemptKind.Write));
        Assert.Null(Assert.Single(driver.Ended).Error);
    }

    private static List<ClerkAttempt> PassWhileFollowersHearTheLeader(CoreDriver driver, int milliseconds)
    {
        List<ClerkAttempt> writes = [];
        for (int ms = 0; ms < milliseconds; ms += 10)
        {
            driver.Pass(10);
            foreach (ClerkAttempt sent in driver.Sent.ToArray())
            {
                driver.Sent.Remove(sent);
                if (sent.Kind == AttemptKind.Write) writes.Add(sent);
                else driver.Reply(sent, ReplyStatus.NotLeader, "n1");
            }
        }

        return writes;
    }
}
