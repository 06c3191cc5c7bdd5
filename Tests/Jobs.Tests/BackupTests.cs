using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>When a slow attempt gets a second one beside it.</summary>
public sealed class BackupTests
{
    [Theory]
    [InlineData(15_000, 0.1, true)] // 135 s to go; siblings took 1 s
    [InlineData(9_000, 0.1, false)] // too young
    [InlineData(15_000, 0.95, false)] // 0.8 s to go
    [InlineData(15_000, 0.0, true)] // does not move
    public void Backup_Begins_WhenTheRestIsLongerThanOneAndAHalfTimesWhatSiblingsTook(long ageMs, double fraction, bool begins)
    {
        (CoreDriver driver, TaskOrder slow) = WithOneSlow();
        Age(driver, slow, ageMs, fraction);
        IReadOnlyList<TaskOrder> orders = driver.Report("n2", slots: 2).Start;
        Assert.Equal(begins ? 1 : 0, orders.Count);
        Assert.Equal(begins ? 1 : 0, driver.View().Backups);
        if (begins) Assert.Equal(slow.Task, orders[0].Task);
    }

    [Fact]
    public void Backup_IsOneForATask_AndOnAnotherTracker()
    {
        (CoreDriver driver, TaskOrder slow) = WithOneSlow();
        Age(driver, slow, 20_000, 0.1);
        Assert.Empty(driver.Report("n1", slots: 3, running: [slow.Key], fraction: 0.1).Start);
        TaskOrder backup = Assert.Single(driver.Report("n2", slots: 2).Start);
        Assert.Empty(driver.Report("n2", slots: 3, running: [backup.Key]).Start);
        Assert.Empty(driver.Report("n3", slots: 3).Start);
    }

    [Fact]
    public void Loser_IsStopped_AndItsOutcomeIsDropped()
    {
        (CoreDriver driver, TaskOrder slow) = WithOneSlow();
        Age(driver, slow, 20_000, 0.1);
        TaskOrder backup = Assert.Single(driver.Report("n2", slots: 2).Start);
        driver.Report("n2", slots: 0, ended: [CoreDriver.Mapped(backup)]);
        Assert.Equal([slow.Key], driver.Report("n1", slots: 1, running: [slow.Key]).Stop);
        Assert.Equal([slow.Key], driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(slow)]).Acknowledged);
        Assert.Single(driver.Journal, e => e.Kind == JobEventKind.MapWon && e.Outcome!.Key.Task == slow.Task);
    }

    private static (CoreDriver Driver, TaskOrder Slow) WithOneSlow()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 4, 1);
        IReadOnlyList<TaskOrder> maps = driver.Report("n1", slots: 4).Start;
        driver.Report("n1", slots: 1, running: [maps[3].Key], ended: maps.Take(3).Select(static map => CoreDriver.Mapped(map, ms: 1000)));
        return (driver, maps[3]);
    }

    private static void Age(CoreDriver driver, TaskOrder slow, long ms, double fraction)
    {
        for (long passed = 0; passed < ms; passed += 1000)
        {
            driver.NowMs += 1000;
            driver.Report("n1", slots: 1, running: [slow.Key], fraction: fraction);
        }
    }
}
