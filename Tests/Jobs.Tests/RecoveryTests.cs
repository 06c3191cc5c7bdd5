using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>What a coordinator does with the jobs of the one before.</summary>
public sealed class RecoveryTests
{
    private const int LeaseMs = 5000;

    [Fact]
    public void RunningAttempt_IsAdopted_AndNothingElseBeginsBeforeALeaseIsOver()
    {
        (CoreDriver driver, TaskOrder[] maps) = Taken(done: 1, running: 1);
        TrackerOrders orders = driver.Report("n1", slots: 4, running: [maps[1].Key]);
        Assert.Empty(orders.Stop);
        Assert.Empty(orders.Start);
        driver.NowMs += LeaseMs;
        orders = driver.Report("n1", slots: 4, running: [maps[1].Key]);
        Assert.Equal([new TaskId(0, TaskKind.Map, 2)], orders.Start.Select(static order => order.Task));
        Assert.Equal(new AttemptId(2, 1), orders.Start[0].Attempt);

        // Trackers must go on trusting each other.
        Assert.Equal([CoreDriver.Secret, CoreDriver.Secret], [maps[0].Secret, orders.Start[0].Secret]);
        driver.Report("n1", slots: 0, running: orders.Start.Select(static order => order.Key), ended: [CoreDriver.Mapped(maps[1])]);
        Assert.Equal(2, driver.View().MapsDone);
    }

    [Fact]
    public void Waiting_IsOver_WhenEveryNodeThatIsUpHasReported()
    {
        (CoreDriver driver, _) = Taken(done: 1, running: 0);
        driver.Core.SetNodes(["n1", "n2"]);
        Assert.Empty(driver.Report("n1", slots: 4).Start);
        Assert.Equal(2, driver.Report("n2", slots: 4).Start.Count);
        Assert.Equal(1, driver.View().MapsDone);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MapOutputs_AreMadeAgain_WhenTheirTrackerDoesNotComeBack(bool restarted)
    {
        (CoreDriver driver, _) = Taken(done: 1, running: 0);
        driver.NowMs += LeaseMs - 1;
        driver.Report("n2", slots: 0);
        if (restarted) driver.Report("n1", slots: 0, incarnation: "9");
        driver.NowMs++;
        driver.Tick();
        Assert.Equal(0, driver.View().MapsDone);
        Assert.Equal(3, driver.Report("n2", slots: 4).Start.Count);
    }

    [Fact]
    public void OutcomeFromBeforeTheTakeOver_IsTaken_EvenWhenItComesLate()
    {
        (CoreDriver driver, TaskOrder[] maps) = Taken(done: 0, running: 1);
        driver.NowMs += LeaseMs;
        driver.Tick();
        Assert.Empty(driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(maps[0])]).Acknowledged);
        Assert.Equal(1, driver.View().MapsDone);
        Assert.Equal([maps[0].Key], driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(maps[0])]).Acknowledged);
    }

    [Fact]
    public void FailuresBeforeTheTakeOver_StillCount()
    {
        CoreDriver before = new CoreDriver().Submit(CoreDriver.Spec(maxAttempts: 2)).Plan("n1", 1, 1);
        before.Report("n1", slots: 0, ended: [CoreDriver.Failed(Assert.Single(before.Report("n1", slots: 1).Start))]);
        CoreDriver driver = TakeOver(before);
        driver.NowMs += LeaseMs;
        driver.Report("n1", slots: 0, ended: [CoreDriver.Failed(Assert.Single(driver.Report("n1", slots: 1).Start))]);
        Assert.Equal(JobPhase.Failed, driver.View().Phase);
    }

    [Fact]
    public void Attempts_AreCountedOn_FromTheJournal_AndFromWhatTrackersSay()
    {
        CoreDriver before = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 3, 1);
        TaskOrder[] maps = [.. before.Report("n1", slots: 3).Start];
        before.Report("n1", slots: 0, running: [maps[2].Key], ended: [CoreDriver.Mapped(maps[0]), CoreDriver.Failed(maps[1])]);
        CoreDriver driver = TakeOver(before);
        Assert.Equal((3, 1), (driver.View().Attempts, driver.View().Retries));
        driver.Report("n1", slots: 0, running: [maps[2].Key]);
        driver.Report("n1", slots: 0, ended: [CoreDriver.Mapped(maps[2])]);
        Assert.Equal((4, 1), (driver.View().Attempts, driver.View().Retries));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Commit_TakesTheOutputOfTheGenerationBeforeAway_BeforeItPublishes(bool wasPublished)
    {
        CoreDriver before = new CoreDriver { PublicationError = "lost" }.Submit(CoreDriver.Spec()).Plan("n1", 0, 1);
        before.Report("n1", slots: 0, ended: [CoreDriver.Reduced(Assert.Single(before.Report("n1", slots: 1).Start))]);
        before.Journal.RemoveAll(static e => e.Kind == JobEventKind.Failed);
        CoreDriver driver = TakeOver(before, wasPublished);
        Assert.Equal([1], driver.Effects.OfType<TakeAwayEffect>().Select(static take => take.Generation));
        Assert.Equal(wasPublished ? [] : [2], driver.Effects.OfType<PublishEffect>().Select(static publish => publish.Generation));
        Assert.Equal(JobPhase.Done, driver.View().Phase);
    }

    [Fact]
    public void FencedCoordinator_DoesNothingAnyMore()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 2, 1);
        driver.Core.OnFenced("job");
        Assert.Equal([new ResignEffect("job")], driver.Core.TakeEffects());
        Assert.Empty(driver.Report("n1").Start);
        driver.NowMs += 100_000;
        driver.Tick();
        driver.Core.Cancel("job", driver.NowMs);
        Assert.Empty(driver.Core.TakeEffects());
    }

    [Fact]
    public void EndedJob_IsSweptByTheSuccessor_WhenItWasNot()
    {
        CoreDriver before = new CoreDriver().Submit(CoreDriver.Spec());
        before.Core.Cancel("job", before.NowMs);
        before.Tick();
        CoordinatorCore core = new(new CoordinatorOptions(), "c2");
        core.Start([new JobIndexEntry { View = before.View() }], before.NowMs);
        Assert.Empty(core.TakeEffects());
        core.Tick(before.NowMs + LeaseMs);
        Assert.IsType<SweepEffect>(Assert.Single(core.TakeEffects()));
        Assert.Equal(JobPhase.Cancelled, core.Find("job", before.NowMs)!.Phase);
    }

    [Fact]
    public void UnreadableJob_IsSaidToHaveFailed_AndOthersGoOn()
    {
        CoreDriver before = new CoreDriver().Submit(CoreDriver.Spec());
        CoordinatorCore core = new(new CoordinatorOptions(), "c2");
        core.Start([new JobIndexEntry { View = before.View() }], before.NowMs);
        core.TakeEffects();
        core.OnUnreadable("job", "record 2 of 3 is not in the store", before.NowMs);
        Assert.False(core.IsLoading("job"));
        Assert.Contains("record 2 of 3", core.Find("job", before.NowMs)!.Error, StringComparison.Ordinal);
        core.Tick(before.NowMs + (2 * LeaseMs));
        Assert.Empty(core.TakeEffects());
    }

    [Fact]
    public void LongTexts_TravelCompressed_AndDamageIsNoticed()
    {
        ReduceOrder order = new("plan", [.. Enumerable.Range(0, 10_000).Select(static i => new MapOutput(i, new AttemptId(1, 1), "n1", "incarnation", "machine", "http://10.0.0.1:8081", $"/data/n1/mr/job/map-{i}-g1a1", 123))]);
        TaskOrder task = new() { Spec = CoreDriver.Spec(), Task = new TaskId(0, TaskKind.Reduce, 0), Attempt = new AttemptId(1, 1), Reduce = order };
        byte[] encoded = JobCodec.Encode(task);
        Assert.True(encoded.Length < 300_000, $"{encoded.Length} bytes");
        Assert.Equal(order.Maps, JobCodec.Decode<TaskOrder>(encoded).Reduce!.Maps);
        Assert.Throws<System.Text.Json.JsonException>(() => JobCodec.Decode<TaskOrder>(encoded.AsSpan(0, encoded.Length / 2)));
        Assert.Throws<System.Text.Json.JsonException>(() => JobCodec.Decode<TaskOrder>([1, 255, 255, 255, 127, 0]));
    }

    /// <summary>A job with three maps, taken over by a second coordinator.</summary>
    private static (CoreDriver Driver, TaskOrder[] Maps) Taken(int done, int running)
    {
        CoreDriver before = new CoreDriver().Submit(CoreDriver.Spec()).Plan("n1", 3, 1);
        TaskOrder[] maps = [.. before.Report("n1", slots: done + running).Start];
        before.Report("n1", slots: 0, running: maps.Skip(done).Select(static map => map.Key), ended: maps.Take(done).Select(static map => CoreDriver.Mapped(map)));
        return (TakeOver(before), maps);
    }

    private static CoreDriver TakeOver(CoreDriver before, bool wasPublished = false)
    {
        CoreDriver driver = new() { NowMs = before.NowMs + 1000, WasPublished = wasPublished };
        CoordinatorCore core = driver.Core;
        core.Start([new JobIndexEntry { View = before.View() with { EndedMs = 0 } }], driver.NowMs);
        Assert.True(core.IsLoading("job"));
        core.OnTaken(new JobOwner(2, "c1", before.Journal.Count), before.Journal, driver.NowMs);
        driver.Tick();
        return driver;
    }
}
