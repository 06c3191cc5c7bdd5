using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>How jobs end.</summary>
public sealed class PublicationTests
{
    [Fact]
    public void Job_IsPublishedOnce_WithTheWinnersInOrder_AfterThatIsInTheStore()
    {
        CoreDriver driver = Reduced(reducers: 3, hold: true);
        Assert.DoesNotContain(driver.Effects, static effect => effect is PublishEffect);
        driver.Release();
        PublishEffect publish = Assert.Single(driver.Effects.OfType<PublishEffect>());
        Assert.Equal(["reduce-0-g1a1", "reduce-1-g1a1", "reduce-2-g1a1"], publish.Winners);
        Assert.Equal(JobPhase.Done, driver.View().Phase);
        Assert.Equal([JobEventKind.Committing, JobEventKind.Published], driver.Journal.TakeLast(2).Select(static e => e.Kind));
        Assert.Single(driver.Effects.OfType<SweepEffect>());
    }

    [Fact]
    public void Chain_BeginsItsNextStep_WithTheOutputsOfTheOneBefore()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 0, 2, steps: 2);
        driver.Report("n1", slots: 0, ended: driver.Report("n1").Start.Select(CoreDriver.Reduced));
        TaskOrder plan = Assert.Single(driver.Report("n1").Start);
        Assert.Equal(new TaskId(1, TaskKind.Plan, 0), plan.Task);
        Assert.Equal(["reduce-0-g1a1", "reduce-1-g1a1"], plan.Plan!.Inputs);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Planned(plan, 0, 1, steps: 2)]);
        driver.Report("n1", slots: 0, ended: driver.Report("n1").Start.Select(CoreDriver.Reduced));
        Assert.Equal(JobPhase.Done, driver.View().Phase);
        Assert.Equal(2, Assert.Single(driver.Effects.OfType<PublishEffect>()).Steps.Count);
    }

    [Theory]
    [InlineData(false, JobPhase.Failed)]
    [InlineData(true, JobPhase.Done)]
    public void FailedPublication_IsMadeSureOf_BeforeTheJobFails(bool wasPublished, JobPhase end)
    {
        CoreDriver driver = Reduced(reducers: 1, hold: true);
        (driver.PublicationError, driver.WasPublished) = ("the output exists", wasPublished);
        driver.Release();
        Assert.Single(driver.Effects.OfType<TakeAwayEffect>());
        Assert.Equal(end, driver.View().Phase);
        Assert.Equal(wasPublished ? null : "the output exists", driver.View().Error);
    }

    [Theory]
    [InlineData(false, JobPhase.Cancelled)]
    [InlineData(true, JobPhase.Done)]
    public void CancelWhileCommitting_TakesTheOutputAway_UnlessItWasPublished(bool wasPublished, JobPhase end)
    {
        CoreDriver driver = Reduced(reducers: 1, hold: true);
        driver.WasPublished = wasPublished;
        driver.Release(holdNext: true);
        Assert.Single(driver.Held);
        Assert.Null(driver.Core.Cancel("job", driver.NowMs));
        driver.Release();
        Assert.DoesNotContain(driver.Effects, static effect => effect is PublishEffect);
        Assert.Equal(end, driver.View().Phase);
    }

    [Theory]
    [InlineData(true, JobPhase.Done)]
    [InlineData(false, JobPhase.Cancelled)]
    public void CancelWhilePublishing_StopsIt_UnlessItWasThereAlready(bool isTooLate, JobPhase end)
    {
        CoreDriver driver = Reduced(reducers: 1, hold: true);
        driver.HoldsPublication = true;
        driver.Release();
        Assert.Null(driver.Core.Cancel("job", driver.NowMs));
        driver.CarryOut();
        Assert.Equal([new StopPublishingEffect("job")], driver.Effects.OfType<StopPublishingEffect>());
        Assert.Equal(JobPhase.Committing, driver.View().Phase);
        driver.Core.OnPublished("job", isTooLate ? null : "The operation was canceled.", driver.NowMs);
        driver.CarryOut();
        Assert.Equal(end, driver.View().Phase);
        Assert.Null(driver.View().Error);

        // What was stopped is made sure of: it may have been too late all the same.
        Assert.Equal(isTooLate ? 0 : 1, driver.Effects.OfType<TakeAwayEffect>().Count());
    }

    [Fact]
    public void CancelledJob_IsSwept_WhenItsTrackersHaveStopped()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 2, 1);
        IReadOnlyList<TaskOrder> maps = driver.Report("n1").Start;
        driver.Core.Cancel("job", driver.NowMs);
        driver.Tick();
        Assert.Equal(JobPhase.Cancelled, driver.View().Phase);
        Assert.Empty(driver.Effects.OfType<SweepEffect>());
        TrackerOrders orders = driver.Report("n1", running: maps.Select(static map => map.Key), jobs: ["job"]);
        Assert.Equal(maps.Select(static map => map.Key), orders.Stop);
        Assert.Equal(["job"], orders.Forget);
        driver.Report("n1");
        Assert.Single(driver.Effects.OfType<SweepEffect>());
    }

    [Fact]
    public void History_ForgetsTheOldest_WhenItIsFull()
    {
        CoreDriver driver = new(new CoordinatorOptions { MaxHistory = 2 });
        foreach (string job in (string[])["a", "b", "c"])
        {
            driver.Submit(CoreDriver.Spec(job));
            driver.Core.Cancel(job, driver.NowMs);
            driver.Tick();
        }

        Assert.Equal(["c", "b"], driver.Core.List(10, driver.NowMs).Select(static view => view.Spec.Id));
        Assert.Equal([new ForgetEffect("a")], driver.Effects.OfType<ForgetEffect>());
    }

    private static CoreDriver Reduced(int reducers, bool hold)
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, reducers);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(Assert.Single(driver.Report("n1").Start))]);
        IReadOnlyList<TaskOrder> reduces = driver.Report("n1", slots: reducers).Start;
        driver.Report("n1", slots: reducers, running: reduces.Take(1).Select(static reduce => reduce.Key), ended: reduces.Skip(1).Select(CoreDriver.Reduced));
        driver.Holds = hold;
        driver.Report("n1", slots: 0, ended: [CoreDriver.Reduced(reduces[0])]);
        return driver;
    }
}
