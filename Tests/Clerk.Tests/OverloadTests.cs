using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>What the Clerk does when the cluster has too much to do: it waits, and does not make it more.</summary>
public sealed class OverloadTests
{
    [Fact]
    public void ARefusalAsBusy_IsWaitedOut_ForAsLongAsItSays_WithJitter()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation put = driver.Put("a");
        driver.Step();
        driver.Busy(driver.TakeSent(AttemptKind.Write), retryAfterMs: 400);
        driver.Pass(199);
        Assert.Empty(driver.Sent);
        driver.Pass(402);
        driver.Ok(driver.TakeSent(AttemptKind.Write));
        Assert.Null(put.Error);
    }

    [Fact]
    public void WhateverAReplicaSays_TheWaitIsBounded()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Put("a");
        driver.Step();
        driver.Busy(driver.TakeSent(AttemptKind.Write), retryAfterMs: int.MaxValue);
        driver.Pass(1501);
        // Beside it the others are asked who leads, after such a silence.
        Assert.Single(driver.Sent, static attempt => attempt.Kind == AttemptKind.Write);
    }

    [Fact]
    public void AnotherBatchThatWasTaken_DoesNotEndThePause()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Put("a");
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        driver.Put("b");
        driver.Step();
        ClerkAttempt second = driver.TakeSent(AttemptKind.Write);
        driver.Busy(second, retryAfterMs: 400);
        driver.Ok(first);
        driver.Pass(199);
        Assert.Empty(driver.Sent);
        driver.Pass(402);
        driver.TakeSent(AttemptKind.Write);
    }

    [Fact]
    public void ReadsGoOn_WhileWritesAreRefused()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Put("a");
        driver.Step();
        driver.Busy(driver.TakeSent(AttemptKind.Write), retryAfterMs: 400);
        driver.Get("a");
        driver.Step();
        driver.TakeSent(AttemptKind.Read);
    }

    [Fact]
    public void AnOperationThatWasRefusedUntilItsDeadline_IsBusy_AndDidNotHappen_UnlessAnEarlierTryIsUnknown()
    {
        CoreDriver driver = new CoreDriver(static options => options.OperationTimeout = TimeSpan.FromSeconds(3)).FindLeader();
        ClerkOperation refused = driver.Put("a"), unsure = driver.Put("b");
        driver.Step();
        driver.Fail(driver.TakeSent(AttemptKind.Write));
        ClerkOperation late = driver.Put("c");
        for (int i = 0; i < 300 && !late.IsDone; i++)
        {
            foreach (ClerkAttempt attempt in driver.Sent.ToArray())
            {
                driver.Sent.Remove(attempt);
                if (attempt.Kind == AttemptKind.Write) driver.Busy(attempt, 100);
                else driver.Ok(attempt);
            }

            driver.Pass(20);
        }

        Assert.Equal((ClerkError.Busy, OperationOutcome.DidNotHappen), (late.Error, late.Outcome));
        Assert.Contains("too much", late.ErrorMessage, StringComparison.Ordinal);
        Assert.All((ClerkOperation[])[refused, unsure], static operation =>
            Assert.Equal((ClerkError.DeadlineExceeded, OperationOutcome.Unknown), (operation.Error, operation.Outcome)));
    }

    [Fact]
    public void ALeaderThatAnswersLate_IsNotSuspected_NorGivenItsLoadTwice()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        for (int i = 0; i < 20; i++)
        {
            ClerkOperation put = driver.Put($"k{i}");
            driver.Step();
            ClerkAttempt attempt = driver.TakeSent(AttemptKind.Write);
            driver.Pass(i == 0 ? 140 : 260);
            if (i > 0) Assert.Empty(driver.Sent);
            driver.Ok(attempt);
            Assert.Equal(1, put.Attempts);
            driver.Sent.Clear();
        }

        // It gets fast again, and then dies: that is noticed as soon as ever.
        for (int i = 0; i < 40; i++)
        {
            driver.Put($"f{i}");
            driver.Step();
            driver.Pass(2);
            driver.Ok(driver.TakeSent(AttemptKind.Write));
        }

        driver.Put("last");
        driver.Step();
        driver.TakeSent(AttemptKind.Write);
        driver.Pass(149);
        Assert.Empty(driver.Sent);
        driver.Pass(2);
        Assert.Contains(driver.Sent, static attempt => attempt.Kind == AttemptKind.Probe);
    }

    [Fact]
    public void ReplicasThatDoNotAnswer_AreAskedLessAndLess_AndAsOftenAsEverOnceOneDid()
    {
        // Thousands of clients that come at once to nodes that have too much to do: questions that are asked again before they can be answered are what such nodes would be busy with.
        CoreDriver driver = new(static options => options.OperationTimeout = TimeSpan.FromSeconds(30));
        driver.Put("a");
        driver.Step();
        driver.Pass(16_000);
        Assert.All(driver.Sent, static attempt => Assert.Equal(AttemptKind.Probe, attempt.Kind));
        Assert.All(driver.Sent.GroupBy(static attempt => attempt.Target), static asked => Assert.InRange(asked.Count(), 5, 8));
        Assert.Equal(3, driver.Sent.Select(static attempt => attempt.Target).Distinct().Count());

        // A late answer counts, and makes its replica one that answers.
        ClerkAttempt late = driver.Sent.First(static attempt => attempt.Target == "g1/n2");
        driver.Reply(late, ReplyStatus.NotLeader);
        driver.Sent.Clear();
        driver.Pass(6_000);
        Assert.InRange(driver.Sent.Count(static attempt => attempt.Target == "g1/n2"), 3, 5);
    }
}
