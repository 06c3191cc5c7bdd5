using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>What a caller is told: done, surely not, or not known.</summary>
public sealed class OutcomeTests
{
    [Fact]
    public void ItDidNotHappen_WhenNoLeaderWasEverFound()
    {
        CoreDriver driver = new();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        for (int i = 0; i < 100; i++)
        {
            foreach (ClerkAttempt probe in driver.Sent.ToArray()) driver.Reply(probe, ReplyStatus.Unavailable, error: "stopped");
            driver.Sent.Clear();
            driver.Pass(100);
        }

        Assert.Equal(10_000, driver.NowMs);
        Assert.Equal(ClerkError.DeadlineExceeded, put.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, put.Outcome);
        Assert.Contains("no leader of g1", put.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("cannot serve (stopped)", put.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ReplyStatus.NotLeader, OperationOutcome.DidNotHappen)]
    [InlineData(ReplyStatus.Unavailable, OperationOutcome.DidNotHappen)]
    [InlineData(ReplyStatus.Busy, OperationOutcome.DidNotHappen)]
    [InlineData(ReplyStatus.Unknown, OperationOutcome.Unknown)]
    public void TheOutcomeFollowsTheOnlyAttempt(ReplyStatus status, OperationOutcome expected)
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Pass(9_990 - driver.NowMs);
        ClerkAttempt attempt = driver.Sent.Last(static sent => sent.Kind == AttemptKind.Write);
        foreach (ClerkAttempt earlier in driver.Sent.Where(sent => sent.Kind == AttemptKind.Write && sent != attempt))
            driver.Reply(earlier, ReplyStatus.NotLeader);
        driver.Reply(attempt, status);
        driver.Pass(20);

        Assert.True(put.IsDone);
        Assert.Equal(expected, put.Outcome);
    }

    [Fact]
    public void TheOutcomeIsUnknown_WhileOneOfSeveralAttemptsIsOpen()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Fail(driver.TakeSent(AttemptKind.Write));
        driver.Ok(driver.TakeSent(AttemptKind.Probe));
        driver.Reply(driver.TakeSent(AttemptKind.Write), ReplyStatus.NotLeader);
        driver.Pass(10_000);

        Assert.Equal(ClerkError.DeadlineExceeded, put.Error);
        Assert.Equal(OperationOutcome.Unknown, put.Outcome);
    }

    [Fact]
    public void ALateRefusalOfAnAttemptThatWasGivenUp_StillProvesThatItDidNothing()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        ClerkAttempt late = driver.TakeSent(AttemptKind.Write);
        driver.Pass(2_000);
        driver.Reply(late, ReplyStatus.NotLeader);
        driver.Pass(10_000);

        Assert.Equal(OperationOutcome.DidNotHappen, put.Outcome);
    }

    [Fact]
    public void ALateResultOfAnAttemptThatWasGivenUp_EndsTheOperation()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        ClerkAttempt late = driver.TakeSent(AttemptKind.Write);
        driver.Pass(3_000);
        Assert.False(put.IsDone);
        driver.Ok(late);

        Assert.True(put.IsDone);
        Assert.Null(put.Error);
        Assert.Equal(0, driver.Core.Outstanding);
    }

    [Fact]
    public void ItDidNotHappen_WhenItSurelyWasNotDelivered()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Fail(driver.TakeSent(AttemptKind.Write), AttemptFailure.NotDelivered);
        driver.Pass(10_000);

        Assert.Equal(OperationOutcome.DidNotHappen, put.Outcome);
    }

    [Fact]
    public void ItDidNotHappen_WhenTheLogRefusedItByItsDeadline()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Fail(driver.TakeSent(AttemptKind.Write));
        driver.Ok(driver.TakeSent(AttemptKind.Probe));
        driver.Ok(driver.TakeSent(AttemptKind.Write), OperationStatus.DeadlinePassed);

        Assert.Equal(ClerkError.DeadlineExceeded, put.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, put.Outcome);
    }

    [Fact]
    public void TheOutcomeIsUnknown_WhenTheLogHasForgotten()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), OperationStatus.Stale);

        Assert.Equal(OperationOutcome.Unknown, put.Outcome);
    }

    [Fact]
    public void BusyIsTheError_WhenTheClusterRefusedForTheWholeDeadline()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        while (!put.IsDone)
        {
            foreach (ClerkAttempt attempt in driver.Sent.ToArray()) driver.Reply(attempt, ReplyStatus.Busy);
            driver.Sent.Clear();
            driver.Pass(10);
        }

        Assert.Equal(ClerkError.Busy, put.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, put.Outcome);
        Assert.InRange(put.Attempts, 10, 200);
    }

    [Fact]
    public void AFullDiskIsReportedAtOnce()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Reply(driver.TakeSent(AttemptKind.Write), ReplyStatus.DiskFull);

        Assert.Equal(ClerkError.DiskFull, put.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, put.Outcome);
        Assert.Contains("g1/n1", put.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyTheGuiltyOperationFails_WhenAReplicaWithLowerLimitsRefusesABatch()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation[] puts = [driver.Put("a"), driver.Put("bad"), driver.Put("c")];
        driver.Step();
        driver.Reply(driver.TakeSent(AttemptKind.Write), ReplyStatus.Invalid, error: "too large here");
        while (driver.Sent.Count > 0)
        {
            ClerkAttempt attempt = driver.Sent[0];
            driver.Sent.RemoveAt(0);
            WriteOperation write = Assert.Single(attempt.Writes());
            if (write.Sequence == puts[1].Sequence) driver.Reply(attempt, ReplyStatus.Invalid, error: "too large here");
            else driver.Ok(attempt);
        }

        Assert.Null(puts[0].Error);
        Assert.Null(puts[2].Error);
        Assert.Equal(ClerkError.Invalid, puts[1].Error);
        Assert.Equal(OperationOutcome.DidNotHappen, puts[1].Outcome);
        Assert.Equal("too large here", puts[1].ErrorMessage);
    }

    [Fact]
    public void TheAnswerToACompareAndSet_TellsWhetherItMatched()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation matched = driver.Submit(new ClerkOperation(OperationKind.CompareAndSet, CoreDriver.Bytes("a"), CoreDriver.Bytes("1"), 3));
        ClerkOperation missed = driver.Submit(new ClerkOperation(OperationKind.CompareAndSet, CoreDriver.Bytes("a"), CoreDriver.Bytes("1"), 4));
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), static results =>
        {
            results.Add(OperationStatus.Ok, 9);
            results.Add(OperationStatus.CompareFailed, 9);
        });

        Assert.True(matched.ResultFlag);
        Assert.False(missed.ResultFlag);
        Assert.Null(missed.Error);
        Assert.Equal(9, missed.ResultVersion);
    }

    [Fact]
    public void AnAppendOverTheValueLimit_DidNotHappen()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation append = driver.Submit(new ClerkOperation(OperationKind.Append, CoreDriver.Bytes("a"), CoreDriver.Bytes("1")));
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), OperationStatus.ValueTooLarge);

        Assert.Equal(ClerkError.ValueTooLarge, append.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, append.Outcome);
    }

    [Fact]
    public void GarbageInsteadOfResults_IsAFailedAttempt()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Core.OnReply(driver.TakeSent(AttemptKind.Write), new ClerkReply(ReplyStatus.Ok, new byte[] { 9, 9, 9 }), driver.NowMs);
        driver.Step();
        Assert.False(put.IsDone);
        driver.Pass(10_000);

        Assert.Equal(OperationOutcome.Unknown, put.Outcome);
    }

    [Fact]
    public void ASecondAnswerToTheSameAttempt_ChangesNothing()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Write);
        driver.Ok(attempt);
        driver.Reply(attempt, ReplyStatus.NotLeader, "n2");
        driver.Fail(attempt);

        Assert.Single(driver.Ended);
        Assert.Null(put.Error);
        Assert.Equal("n1", driver.Core.LeaderNode);
    }

    [Fact]
    public void ACancelledOperationIsNotReported_AndLeavesNothingBehind()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation inFlight = driver.Put("a");
        driver.Step();
        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Write);
        ClerkOperation queued = driver.Put("b");
        driver.Core.Cancel(inFlight);
        driver.Core.Cancel(queued);
        Assert.Equal(0, driver.Core.Outstanding);
        driver.Ok(attempt);
        driver.Pass(20_000);

        Assert.Empty(driver.Ended);
        Assert.Empty(driver.Sent);
    }

    [Fact]
    public void EverythingEnds_WhenTheClerkIsClosed()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation sent = driver.Put("a");
        driver.Step();
        ClerkOperation queued = driver.Put("b");
        driver.Core.Close();

        Assert.Equal(ClerkError.Disposed, sent.Error);
        Assert.Equal(OperationOutcome.Unknown, sent.Outcome);
        Assert.Equal(OperationOutcome.DidNotHappen, queued.Outcome);
    }
}
