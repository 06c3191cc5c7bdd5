using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>What becomes of attempts' ends.</summary>
public sealed class OutcomeTests
{
    [Fact]
    public void Outcome_IsAcknowledgedAndActedOn_OnlyWhenItIsInTheStore()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec());
        TaskOrder plan = Assert.Single(driver.Report("n1").Start);
        driver.Holds = true;
        TrackerOrders early = driver.Report("n1", ended: [CoreDriver.Planned(plan, 2, 1)]);
        Assert.Empty(early.Acknowledged);
        Assert.Empty(early.Start);
        driver.Release();
        TrackerOrders late = driver.Report("n1", ended: [CoreDriver.Planned(plan, 2, 1)]);
        Assert.Equal([plan.Key], late.Acknowledged);
        Assert.Equal(2, late.Start.Count);
    }

    [Fact]
    public void OutcomesThatArriveWhileAnAppendIsOnItsWay_ShareTheNextRecord()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 4, 1);
        IReadOnlyList<TaskOrder> maps = driver.Report("n1", slots: 4).Start;
        driver.Holds = true;
        driver.Report("n1", slots: 4, running: maps.Skip(1).Select(static map => map.Key), ended: [CoreDriver.Mapped(maps[0])]);
        driver.Report("n1", slots: 4, ended: maps.Select(static map => CoreDriver.Mapped(map)));
        Assert.Single(driver.Held);
        int before = driver.Effects.OfType<AppendEffect>().Count();
        driver.Release();
        Assert.Equal(before + 1, driver.Effects.OfType<AppendEffect>().Count());
        Assert.Equal(4, driver.View().MapsDone);
    }

    [Fact]
    public void Task_FailsTheJob_WhenItHasFailedFourTimes()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        for (int i = 1; i <= 4; i++)
        {
            TaskOrder map = Assert.Single(driver.Report("n1").Start);
            driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(map, message: $"boom {i}")]);
        }

        Assert.Equal(JobPhase.Failed, driver.View().Phase);
        Assert.Contains("boom 4", driver.View().Error, StringComparison.Ordinal);
        Assert.Contains("map-0", driver.View().Error, StringComparison.Ordinal);
        Assert.Empty(driver.Report("n1").Start);
    }

    [Theory]
    [InlineData(TaskFailureKind.Stopped)]
    [InlineData(TaskFailureKind.MapOutputLost)]
    public void Failure_DoesNotCount_WhenItIsNotTheTasks(TaskFailureKind kind)
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec(maxAttempts: 2)).Plan("n1", 1, 1);
        TaskOrder map = Assert.Single(driver.Report("n1").Start);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(map)]);
        TaskOrder reduce = Assert.Single(driver.Report("n1").Start);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(reduce, kind, lost: reduce.Reduce!.Maps)]);
        TaskOrder next = Assert.Single(driver.Report("n1").Start);
        Assert.Equal(kind == TaskFailureKind.Stopped ? TaskKind.Reduce : TaskKind.Map, next.Task.Kind);
        Assert.NotEqual(reduce.Key, next.Key);
        Assert.Null(driver.View().Error);
    }

    [Fact]
    public void LostMapOutputs_FailTheJob_WhenTheyAreLostAgainAndAgain()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec(maxAttempts: 2)).Plan("n1", 1, 1);
        for (int i = 0; i < 2; i++)
        {
            TaskOrder map = Assert.Single(driver.Report("n1").Start);
            driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(map)]);
            TaskOrder reduce = Assert.Single(driver.Report("n1").Start);
            driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(reduce, TaskFailureKind.MapOutputLost, lost: reduce.Reduce!.Maps)]);
        }

        Assert.Equal(JobPhase.Failed, driver.View().Phase);
        Assert.Contains("map-0 could not be read 2 times", driver.View().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void FailureOfKindJob_FailsTheJobAtOnce()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec());
        TaskOrder plan = Assert.Single(driver.Report("n1").Start);
        driver.Report("n1", ended: [CoreDriver.Failed(plan, TaskFailureKind.Job, "no such application")]);
        Assert.Equal(JobPhase.Failed, driver.View().Phase);
        Assert.Equal("no such application", driver.View().Error);
    }

    [Fact]
    public void CrashAtARecord_IsSkippedNextTime_AsLongAsRecordsMayBeBad()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec(maxAttempts: 2, maxBadRecords: 3)).Plan("n1", 1, 1);
        for (int i = 0; i < 3; i++)
        {
            TaskOrder map = Assert.Single(driver.Report("n1").Start);
            Assert.Equal(i, map.Map!.Skip.Count);
            driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(map, TaskFailureKind.Crash, record: new RecordPlace("/in", i))]);
        }

        // The fourth is over the limit and counts, as every other.
        TaskOrder last = Assert.Single(driver.Report("n1").Start);
        Assert.Equal([new("/in", 0), new("/in", 1), new RecordPlace("/in", 2)], last.Map!.Skip);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(last, TaskFailureKind.Crash, record: new RecordPlace("/in", 9))]);
        Assert.Equal(3, Assert.Single(driver.Report("n1").Start).Map!.Skip.Count);
    }

    [Fact]
    public void BadRecords_FailTheJob_WhenTheirSumIsOverTheLimit()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec(maxBadRecords: 3)).Plan("n1", 2, 1);
        IReadOnlyList<TaskOrder> maps = driver.Report("n1").Start;
        driver.Report("n1", running: [maps[1].Key], ended: [CoreDriver.Mapped(maps[0], badRecords: 2)]);
        Assert.Null(driver.View().Error);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(maps[1], badRecords: 2)]);
        Assert.Equal(JobPhase.Failed, driver.View().Phase);
        Assert.Contains("4 records are bad, and 3 may be", driver.View().Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1001, 4, "1001 names")]
    [InlineData(700, 100, "70000 characters")]
    public void TooManyCounters_FailTheJob_AndNameTheLimit(int names, int length, string problem)
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        TaskOrder map = Assert.Single(driver.Report("n1", slots: 1).Start);
        KeyValuePair<string, long>[] counters = [.. Enumerable.Range(0, names).Select(i => new KeyValuePair<string, long>(i.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(length, 'c'), 1))];
        driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(map) with { Counters = counters }]);
        Assert.Equal(JobPhase.Failed, driver.View().Phase);
        Assert.Contains(problem, driver.View().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void TooManyTasks_FailTheJob_AndNameTheLimit()
    {
        CoreDriver driver = new CoreDriver(new CoordinatorOptions { MaxTasks = 10 }).Submit(CoreDriver.Spec());
        TaskOrder plan = Assert.Single(driver.Report("n1").Start);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Planned(plan, 10, 1)]);
        Assert.Contains("at most 10 are allowed", driver.View().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void OutcomeOfALostLease_IsNeverTaken_ByTheCoordinatorThatLostIt()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        TaskOrder map = Assert.Single(driver.Report("n1", slots: 1).Start);
        driver.NowMs += 5001;
        driver.Tick();
        TrackerOrders orders = driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(map)]);
        Assert.Equal([map.Key], orders.Acknowledged);
        Assert.Equal(0, driver.View().MapsDone);
        TaskOrder again = Assert.Single(driver.Report("n1", slots: 1).Start);
        Assert.Equal(map.Task, again.Task);
        Assert.NotEqual(map.Attempt, again.Attempt);
    }

    [Fact]
    public void Reducing_IsAsFar_AsItsTasksAre()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 4);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(Assert.Single(driver.Report("n1").Start))]);
        Assert.Equal(0, driver.View().Reduced);
        IReadOnlyList<TaskOrder> reduces = driver.Report("n1", slots: 2).Start;
        driver.Report("n1", slots: 0, running: [reduces[1].Key], ended: [CoreDriver.Reduced(reduces[0])], fraction: 0.5);
        Assert.Equal((1, 0.375), (driver.View().ReducesDone, driver.View().Reduced));
    }

    [Fact]
    public void Counters_AreThoseOfWinners_WhenMapsRunAgain()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 2, 2);
        IReadOnlyList<TaskOrder> maps = driver.Report("n1").Start;
        driver.Report("n1", slots: 0, ended: maps.Select(static map => CoreDriver.Mapped(map)));
        IReadOnlyList<TaskOrder> reduces = driver.Report("n2").Start;
        Assert.Equal(2, reduces.Count);

        // The maps' tracker is lost; one runs again, and both reduce tasks end before the other.
        driver.Report("n1", incarnation: "2", slots: 0);
        Assert.Equal(0, driver.View().MapsDone);
        TaskOrder again = Assert.Single(driver.Report("n1", incarnation: "2", slots: 1).Start);
        driver.Report("n1", incarnation: "2", slots: 0, ended: [CoreDriver.Mapped(again)]);
        driver.Report("n2", slots: 0, ended: reduces.Select(CoreDriver.Reduced));
        Assert.Equal(JobPhase.Done, driver.View().Phase);
        Assert.Equal([new("maps", 2)], driver.View().Counters);
    }
}
