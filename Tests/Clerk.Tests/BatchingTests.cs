using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>How operations travel together.</summary>
public sealed class BatchingTests
{
    [Fact]
    public void ASingleOperationIsSentAtOnce_WhenTheLeaderIsKnown()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();

        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Write);
        Assert.Equal("g1/n1", attempt.Target);
        Assert.False(attempt.IsQuery);
        Assert.False(put.IsDone);

        driver.Ok(attempt);
        Assert.Same(put, Assert.Single(driver.Ended));
        Assert.Null(put.Error);
        Assert.Equal(100, put.ResultVersion);
        Assert.Equal(0, driver.Core.Outstanding);
        Assert.Equal(0, driver.Core.OutstandingBytes);
    }

    [Fact]
    public void SixtyFourOperationsShareOneBatch_WhenTheyAreOutstandingTogether()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        for (int i = 0; i < 64; i++) driver.Put($"k{i}");
        driver.Step();

        Assert.Equal(64, driver.TakeSent(AttemptKind.Write).Count);
    }

    [Fact]
    public void OperationsAreGathered_WhileTheAllowedBatchesAreInFlight()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchesInFlight = 2).FindLeader();
        driver.Put("a");
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        driver.Put("b");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        for (int i = 0; i < 10; i++)
        {
            driver.Put($"c{i}");
            driver.Step();
        }

        Assert.Empty(driver.Sent);
        driver.Ok(first);
        Assert.Equal(10, driver.TakeSent(AttemptKind.Write).Count);
    }

    [Fact]
    public void ALostBatchDoesNotHoldUpTheNext_WhileTheLeaderIsHeard()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchesInFlight = 1).FindLeader();
        driver.Put("lost");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        ClerkOperation next = driver.Put("next");
        driver.Get("a");
        driver.Step().Pass(100);
        driver.Ok(driver.TakeSent(AttemptKind.Read));
        driver.Pass(120);
        Assert.DoesNotContain(driver.Sent, static sent => sent.Kind == AttemptKind.Write);
        driver.Pass(80);

        ClerkAttempt attempt = driver.Sent.Single(static sent => sent.Kind == AttemptKind.Write);
        Assert.Equal(next.Sequence, Assert.Single(attempt.Writes()).Sequence);
    }

    [Fact]
    public void ReadsAndWritesDoNotWaitForEachOther()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchesInFlight = 1).FindLeader();
        driver.Put("a");
        driver.Get("a");
        driver.Step();

        Assert.Equal([AttemptKind.Write, AttemptKind.Read], driver.Sent.Select(static sent => sent.Kind));
    }

    [Theory]
    [InlineData(5, 1 << 20, 5)]
    [InlineData(100, 30, 3)]
    public void ABatchEnds_AtItsLimits(int maxOperations, int maxBytes, int expected)
    {
        CoreDriver driver = new CoreDriver(options =>
        {
            options.MaxBatchOperations = maxOperations;
            options.MaxBatchBytes = maxBytes;
            options.MaxBatchesInFlight = 1;
        }).FindLeader();
        for (int i = 0; i < 20; i++) driver.Put($"key-{i:00}", "123");
        driver.Step();

        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(expected, first.Count);
        driver.Ok(first);
        Assert.Equal(expected, driver.TakeSent(AttemptKind.Write).Count);
    }

    [Fact]
    public void AnOperationLargerThanABatch_TravelsAlone()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchBytes = 100).FindLeader();
        driver.Put("a", new string('x', 1000));
        driver.Put("b");
        driver.Step();

        Assert.Equal([1, 1], driver.Sent.Select(static sent => sent.Count));
    }

    [Fact]
    public void EachOperationHasItsOwnCall_WhenBatchingIsOff()
    {
        CoreDriver driver = new CoreDriver(static options => options.Batching = false).FindLeader();
        for (int i = 0; i < 64; i++) driver.Put($"k{i}");
        driver.Step();

        Assert.Equal(64, driver.Sent.Count);
        Assert.All(driver.Sent, static sent => Assert.Equal(1, sent.Count));
    }

    [Fact]
    public void OperationsStayInTheirOrder_WithinABatchAndOverRetries()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchesInFlight = 1).FindLeader();
        for (int i = 0; i < 5; i++) driver.Put($"k{i}");
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        driver.Put("k5");
        driver.Reply(first, ReplyStatus.Busy);
        driver.Pass(50);

        ClerkAttempt second = driver.TakeSent(AttemptKind.Write);
        Assert.Equal([1, 2, 3, 4, 5, 6], second.Writes().Select(static write => write.Sequence));
    }

    [Fact]
    public void AParkedOperationHoldsUpNoOther()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation moving = driver.Put("moving");
        ClerkOperation other = driver.Put("other");
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), OperationStatus.Moving, OperationStatus.Ok);
        Assert.True(other.IsDone);
        Assert.False(moving.IsDone);

        ClerkOperation later = driver.Put("later");
        driver.Step();
        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(1, attempt.Count);
        driver.Ok(attempt);
        Assert.True(later.IsDone);

        driver.Pass(30);
        ClerkAttempt retry = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(moving.Sequence, Assert.Single(retry.Writes()).Sequence);
        driver.Ok(retry);
        Assert.Null(moving.Error);
    }

    [Fact]
    public void AMovingShardIsAskedAgain_NotBeforeTheTimeThatItsOwnerNamed()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation moving = driver.Put("moving");
        driver.Step();
        long refused = driver.NowMs;
        driver.Ok(driver.TakeSent(AttemptKind.Write), static results => results.AddOwner(OperationStatus.Moving, new OwnerHint(2, 5, 300)));

        driver.Pass(299);
        Assert.Empty(driver.Sent);
        driver.Pass(1);
        Assert.Equal("g2", driver.TakeSent(AttemptKind.Probe).Target[..2]);
        Assert.Equal(refused, moving.MovingSinceMs);
    }

    [Fact]
    public void ReadsBehindAReplysLimitOfBytes_AreSentAgainAtOnce()
    {
        CoreDriver driver = new CoreDriver(static options => options.MaxBatchesInFlight = 1).FindLeader();
        for (int i = 0; i < 3; i++) driver.Get($"k{i}");
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Read), OperationStatus.NotFound, OperationStatus.Busy);

        Assert.Equal(["k1", "k2"], driver.TakeSent(AttemptKind.Read).Reads().Select(static read => System.Text.Encoding.UTF8.GetString(read.Key.Span)));
    }
}
