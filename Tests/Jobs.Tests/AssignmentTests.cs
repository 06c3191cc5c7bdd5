using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>Who gets which slot.</summary>
public sealed class AssignmentTests
{
    [Fact]
    public void Slots_AreSharedEvenly_TheOldestJobFirst()
    {
        CoreDriver driver = new();
        foreach (string job in (string[])["a", "b", "c"]) driver.Submit(CoreDriver.Spec(job));
        driver.Report("n1", slots: 0, ended: driver.Report("n1", slots: 3).Start.Select(static plan => CoreDriver.Planned(plan, 20, 1)));
        IReadOnlyList<TaskOrder> orders = driver.Report("n1", slots: 7).Start;
        Assert.Equal(["a", "b", "c", "a", "b", "c", "a"], orders.Select(static order => order.Spec.Id));

        // Free slots go to those that have the least.
        driver.Report("n1", slots: 5, running: orders.Where(static order => order.Spec.Id == "a").Select(static order => order.Key));
        Assert.Equal([3, 1, 1], ((string[])["a", "b", "c"]).Select(job => driver.View(job).Running));
    }

    [Fact]
    public void FailedTask_GoesElsewhere_AsLongAsThereIsAnotherPlace()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        TaskOrder map = Assert.Single(driver.Report("n2", slots: 1).Start);
        driver.Report("n1", slots: 1);
        driver.Report("n2", slots: 1, ended: [CoreDriver.Failed(map)]);
        Assert.Empty(driver.Report("n2", slots: 1).Start);
        Assert.Single(driver.Report("n1", slots: 1).Start);
    }

    [Fact]
    public void FailedTask_ComesBack_WhenThereIsNoOtherPlace()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        TaskOrder map = Assert.Single(driver.Report("n1", slots: 1).Start);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(map)]);
        Assert.Equal(map.Task, Assert.Single(driver.Report("n1", slots: 1).Start).Task);
    }

    [Fact]
    public void Tracker_IsAvoidedForTheJob_AfterThreeFailures()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 10, 1);
        IReadOnlyList<TaskOrder> maps = driver.Report("n1", slots: 3).Start;
        driver.Report("n1", slots: 0, ended: maps.Select(static map => CoreDriver.Failed(map)));
        driver.Report("n2", slots: 1);
        Assert.Empty(driver.Report("n1", slots: 1).Start);
        driver.Submit(CoreDriver.Spec("other"));
        Assert.Equal("other", Assert.Single(driver.Report("n1", slots: 1).Start).Spec.Id);
    }

    [Fact]
    public void LateOrDoubleHeartbeat_GetsNothing_AndRenewsNoLease()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 4, 1);
        TaskOrder map = Assert.Single(driver.Report("n1", slots: 1, sequence: 10).Start);
        driver.NowMs += 4000;
        TrackerOrders late = driver.Report("n1", slots: 1, sequence: 9);
        Assert.Empty(late.Start);
        Assert.Empty(driver.Report("n1", slots: 1, sequence: 10).Start);
        Assert.Equal(1, driver.View().Running);
        driver.NowMs += 1001;
        driver.Tick();
        Assert.Equal(0, driver.View().Running);
        Assert.Equal([map.Key], driver.Report("n1", slots: 1, running: [map.Key], sequence: 11).Stop);
    }

    [Fact]
    public void OrderThatDidNotArrive_IsGivenAgain_AsAnotherAttempt()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        TaskOrder lost = Assert.Single(driver.Report("n1", slots: 1).Start);
        TaskOrder again = Assert.Single(driver.Report("n1", slots: 1).Start);
        Assert.Equal(lost.Task, again.Task);
        Assert.NotEqual(lost.Attempt, again.Attempt);
        Assert.Equal([lost.Key], driver.Report("n1", slots: 2, running: [lost.Key, again.Key]).Stop);
    }

    [Fact]
    public void OldStartOfATracker_IsNotHeard_AfterTheNewOne()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 1, 1);
        TaskOrder map = Assert.Single(driver.Report("n1", slots: 1, incarnation: "2").Start);
        Assert.Empty(driver.Report("n1", slots: 1, incarnation: "1").Start);
        Assert.Equal(1, driver.View().Running);
        Assert.Empty(driver.Report("n1", slots: 1, running: [map.Key], incarnation: "2").Stop);
    }

    [Fact]
    public void IdleTracker_IsPoked_WhenWorkAppears()
    {
        CoreDriver driver = new();
        driver.Report("n1");
        Assert.DoesNotContain(driver.Effects, static effect => effect is PokeEffect);
        driver.Submit(CoreDriver.Spec());
        Assert.Equal([new PokeEffect("n1")], driver.Effects.OfType<PokeEffect>());
    }
}
