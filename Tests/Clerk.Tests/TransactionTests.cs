using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Transactions on their way: retries, deadlines, shards that move, and those that are refused.</summary>
public sealed class TransactionTests
{
    private static readonly Txn _take = Txn.If(When.Missing("{t}a")).Then(Do.Put("{t}a", "1"), Do.Get("{t}b")).Else(Do.Get("{t}a"));

    private readonly KeyValueStateMachine _store = new();
    private long _index;

    [Fact]
    public void ARetry_GetsTheFirstAttemptsBody_WhateverWasWrittenSince()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(_take));
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        Apply(driver, first);
        driver.Fail(first);
        Leader(driver);
        ClerkAttempt second = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(first.Writes()[0].Sequence, second.Writes()[0].Sequence);
        Assert.Equal(first.Writes()[0].Value.ToArray(), second.Writes()[0].Value.ToArray());

        // By now the comparison would not hold: the key is there, by the first attempt itself.
        Core(driver, second, Apply(driver, second));
        Assert.Null(operation.Error);
        Assert.True(operation.ResultTransaction!.Succeeded);
        Assert.Equal([true, false], operation.ResultTransaction.Steps.Select(step => step.Found));
    }

    [Fact]
    public void AfterItsDeadline_TheLogRefusesIt_AndItDidNotHappen()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(_take));
        driver.Step();
        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Write);
        driver.Ok(attempt, OperationStatus.DeadlinePassed);
        Assert.Equal((ClerkError.DeadlineExceeded, OperationOutcome.DidNotHappen), (operation.Error, operation.Outcome));
    }

    [Fact]
    public void WithoutAnAnswerUntilItsDeadline_ItsOutcomeIsUnknown_AndThatOfAReadIsNot()
    {
        CoreDriver driver = new CoreDriver(options => options.OperationTimeout = TimeSpan.FromMilliseconds(500)).FindLeader();
        ClerkOperation write = driver.Submit(new ClerkOperation(_take));
        ClerkOperation read = driver.Submit(new ClerkOperation(Txn.Of(Do.Get("{t}a"))));
        driver.Step().Pass(600);
        Assert.Equal((ClerkError.DeadlineExceeded, OperationOutcome.Unknown), (write.Error, write.Outcome));
        Assert.Equal((ClerkError.DeadlineExceeded, OperationOutcome.DidNotHappen), (read.Error, read.Outcome));
    }

    [Fact]
    public void KeysOfSeveralShards_AreRefusedBeforeAnythingIsSent()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(Txn.If(When.Exists("a")).Then(Do.Put("b", "1"))));
        driver.Step();
        Assert.Empty(driver.Sent);
        Assert.Equal((ClerkError.ManyShards, OperationOutcome.DidNotHappen), (operation.Error, operation.Outcome));
        Assert.Contains("'a' in shard", operation.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("'{a}a', '{a}b'", operation.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsOverTheLimits_IsRefusedBeforeAnythingIsSent()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        TransactionStep[] many = new TransactionStep[129];
        Array.Fill(many, Do.Get("a"));
        Refused(Txn.Of(many), ClerkError.TransactionTooLarge, "more than 128");
        Refused(Txn.Of(), ClerkError.Invalid, "neither a comparison nor an operation");
        Refused(Txn.Of(Do.Put("", "1")), ClerkError.KeyEmpty, "then 1");
        Refused(Txn.Of(Do.Put("a", new string('x', (1 << 20) + 1))), ClerkError.ValueTooLarge, "1048577");
        Assert.Empty(driver.Sent);

        void Refused(Txn transaction, ClerkError error, string part)
        {
            ClerkOperation operation = driver.Submit(new ClerkOperation(transaction));
            Assert.Equal((error, OperationOutcome.DidNotHappen), (operation.Error, operation.Outcome));
            Assert.Contains(part, operation.ErrorMessage, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OneThatOnlyReads_TravelsWithTheReads()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(Txn.If(When.Exists("{t}a")).Then(Do.Get("{t}b")).Else(Do.Get("{t}c"))));
        driver.Step();
        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Read);
        Assert.Equal(OperationKind.ReadTransaction, attempt.Reads()[0].Kind);
        Core(driver, attempt, _store.Query(attempt.Payload));
        Assert.False(operation.ResultTransaction!.Succeeded);
        Assert.False(operation.ResultTransaction.Steps[0].Found);
        Assert.Equal(0, operation.Sequence);
    }

    [Fact]
    public void ItsShardMoving_ItWaitsAndGoesOnUnderItsSequence()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(_take));
        driver.Step();
        ClerkAttempt first = driver.TakeSent(AttemptKind.Write);
        driver.Ok(first, OperationStatus.Moving);
        Assert.False(operation.IsDone);
        driver.Pass(100);
        ClerkAttempt second = driver.TakeSent(AttemptKind.Write);
        Assert.Equal(first.Writes()[0].Sequence, second.Writes()[0].Sequence);
        Core(driver, second, Apply(driver, second));
        Assert.True(operation.ResultTransaction!.Succeeded);
    }

    [Theory]
    [InlineData(OperationStatus.ValueTooLarge, ClerkError.ValueTooLarge)]
    [InlineData(OperationStatus.ResultTooLarge, ClerkError.ResultTooLarge)]
    public void WhatTheStoreCannotDo_DidNotHappen(OperationStatus status, ClerkError error)
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(_take));
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), status);
        Assert.Equal((error, OperationOutcome.DidNotHappen), (operation.Error, operation.Outcome));
    }

    [Fact]
    public void AnAnswerThatDoesNotFit_IsNoResult()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation operation = driver.Submit(new ClerkOperation(_take));
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Write), results => results.AddBody(OperationStatus.Ok, [3, 1, 0]));
        Assert.Equal((ClerkError.Invalid, OperationOutcome.Unknown), (operation.Error, operation.Outcome));
    }

    private ReadOnlyMemory<byte> Apply(CoreDriver driver, ClerkAttempt attempt) =>
        _store.Apply(new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, new LogTime(driver.LogTimeMs), attempt.Payload), wantResult: true);

    private static void Core(CoreDriver driver, ClerkAttempt attempt, ReadOnlyMemory<byte> results)
    {
        driver.Core.OnReply(attempt, new ClerkReply(ReplyStatus.Ok, results, null, driver.LogTimeMs), driver.NowMs);
        driver.Step();
    }

    private static void Leader(CoreDriver driver)
    {
        for (int i = 0; i < 20 && !driver.Sent.Exists(attempt => attempt.Kind == AttemptKind.Write); i++)
        {
            driver.Pass(50);
            foreach (ClerkAttempt probe in driver.Sent.FindAll(attempt => attempt.Kind == AttemptKind.Probe))
            {
                driver.Sent.Remove(probe);
                if (probe.Target == "g1/n1") driver.Ok(probe);
                else driver.Reply(probe, ReplyStatus.NotLeader, "n1");
            }
        }
    }
}
