using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Sequence numbers, acknowledged floors and deadlines in log time.</summary>
public sealed class SessionTests
{
    // One shard for each first letter.
    private static CoreDriver NewDriver() => new CoreDriver(static options =>
    {
        options.Shards = ShardFunction.FirstByteModulo(256);
        options.MaxBatchesInFlight = 4;
    }).FindLeader();

    [Fact]
    public void TheFloorLiesBelowTheOldestOutstandingWrite_OfItsShardOnly()
    {
        CoreDriver driver = NewDriver();
        driver.Put("a1");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Put("b1");
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write));
        driver.Put("a2");
        driver.Put("b2");
        driver.Step();

        List<WriteOperation> writes = driver.TakeSent(AttemptKind.Write).Writes();
        Assert.Equal((3, 0), (writes[0].Sequence, writes[0].Floor));
        Assert.Equal((4, 3), (writes[1].Sequence, writes[1].Floor));
    }

    [Fact]
    public void TheFloorPassesAWriteThatWasGivenUp()
    {
        CoreDriver driver = NewDriver();
        ClerkOperation hung = driver.Put("a1");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Core.Cancel(hung);
        driver.Put("a2");
        driver.Step();

        Assert.Equal(1, driver.TakeSent(AttemptKind.Write).Writes()[0].Floor);
    }

    [Fact]
    public void TheFloorStaysBelowAParkedWrite()
    {
        CoreDriver driver = NewDriver();
        driver.Put("a1");
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), OperationStatus.Moving);
        driver.Put("a2");
        driver.Step().Pass(20);

        Assert.All(driver.TakeSent(AttemptKind.Write).Writes(), static write => Assert.Equal(0, write.Floor));
    }

    [Fact]
    public void TheDeadlineIsInLogTime_AndTheSameInEveryAttempt()
    {
        CoreDriver driver = NewDriver();
        driver.Put("a");
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        long deadline = first.Writes()[0].DeadlineMs;
        Assert.InRange(deadline, driver.LogTimeMs + 10_000, driver.LogTimeMs + 11_000);

        driver.Pass(100);
        driver.Reply(first, ReplyStatus.Busy);
        driver.Pass(30);
        Assert.Equal(deadline, driver.TakeSent(AttemptKind.Write).Writes()[0].DeadlineMs);
    }

    [Fact]
    public void LogTimeIsNotLearntFromAFollower()
    {
        CoreDriver driver = NewDriver();
        driver.Put("a");
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        driver.Core.OnReply(first, new ClerkReply(ReplyStatus.NotLeader, default, null, LogTimeMs: 5), driver.NowMs);
        driver.Step();
        ClerkAttempt probe = driver.TakeSent(AttemptKind.Probe);
        driver.Ok(probe);
        driver.TakeSent(AttemptKind.Write);
        driver.Put("b");
        driver.Step();

        Assert.InRange(driver.TakeSent(AttemptKind.Write).Writes()[0].DeadlineMs, driver.LogTimeMs + 10_000, driver.LogTimeMs + 11_000);
    }

    [Fact]
    public void ReadsHaveNoSession()
    {
        CoreDriver driver = NewDriver();
        ClerkOperation get = driver.Get("a");
        driver.Step();

        Assert.Equal(0, get.Sequence);
        Assert.Equal(OperationKind.Get, driver.TakeSent(AttemptKind.Read).Reads()[0].Kind);
    }
}
