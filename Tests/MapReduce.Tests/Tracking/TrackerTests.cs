using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tracking;

public sealed class TrackerTests : IAsyncLifetime
{
    private readonly TrackerHarness _harness = new();

    public ValueTask InitializeAsync()
    {
        _harness.Tracker.Start("http://here");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task FirstHeartbeat_SaysWhatTheTrackerIs()
    {
        TrackerReport report = await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Equal(("n1", "m", "http://here", 2, 1L), (report.Tracker, report.Machine, report.Endpoint, report.Slots, report.Sequence));
        Assert.Equal(_harness.Tracker.Incarnation, report.Incarnation);
        Assert.Empty(report.Running);
        Assert.Empty(report.Ended);
    }

    [Fact]
    public async Task Order_IsRun_AndItsOutcomeSaid_AtOnce_UntilItIsAcknowledged()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        Assert.True(Directory.Exists(attempt.Environment.Folder));
        Assert.StartsWith(_harness.Tracker.WorkFolder, attempt.Environment.Folder);
        attempt.Progress.Set(new TaskProgress.State(10, 20, 0.5, "half"));
        attempt.End();

        // The clock stands still: nothing is waited for.
        for (int i = 0; i < 3; i++)
        {
            var (report, answer) = await _harness.BeatAsync();
            TaskOutcome outcome = Assert.Single(report.Ended);
            Assert.Equal(attempt.Order.Key, outcome.Key);
            Assert.Equal(["job-1"], report.Jobs);
            Assert.Empty(report.Running);
            if (i < 2)
            {
                answer.SetResult(TrackerHarness.Orders());
                await _harness.TickAsync();
            }
            else
            {
                answer.SetResult(TrackerHarness.Orders() with { Acknowledged = [attempt.Order.Key] });
            }
        }

        await _harness.TickAsync();
        Assert.Empty((await _harness.BeatAsync(TrackerHarness.Orders())).Ended);
        Assert.True(Directory.Exists(attempt.Environment.Folder));
    }

    [Fact]
    public async Task Running_IsReported_WithItsProgress()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        attempt.Progress.Set(new TaskProgress.State(10, 20, 0.5, "half"));
        _harness.Tracker.Poke();
        TrackerReport report = await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Equal(new AttemptProgress(attempt.Order.Key, 10, 20, 0.5, "half"), Assert.Single(report.Running));
    }

    [Fact]
    public async Task SameOrderAgain_IsNotRunTwice()
    {
        TaskOrder order = TrackerHarness.Map(1);
        await _harness.BeatAsync(TrackerHarness.Orders(order));
        HostedAttempt attempt = await _harness.BegunAsync();
        _harness.Tracker.Poke();
        await _harness.BeatAsync(TrackerHarness.Orders(order));
        attempt.End();
        await _harness.BeatAsync(TrackerHarness.Orders(order));
        _harness.Tracker.Poke();
        Assert.Single((await _harness.BeatAsync(TrackerHarness.Orders(order))).Ended);
        Assert.False(_harness.HasBegun);
    }

    [Fact]
    public async Task WhenTheLeaseEnds_AttemptsStop_ASecondBeforeTheCoordinatorGivesThemAway()
    {
        var (_, answer) = await _harness.BeatAsync();

        // The answer took two seconds: the lease counts from when the heartbeat was sent.
        _harness.Time.Advance(TimeSpan.FromSeconds(2));
        answer.SetResult(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        _harness.Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(attempt.Stop.IsCancellationRequested);
        _harness.Time.Advance(TimeSpan.FromSeconds(0.2));
        TaskOutcome outcome = await attempt.Outcome;
        Assert.Equal(TaskFailureKind.Stopped, outcome.Failure!.Kind);

        // No answer ever came again. When one does, the outcome is still said, and its folder is gone.
        TrackerReport report = await UntilEndedAsync();
        Assert.Contains("lease", Assert.Single(report.Ended).Failure!.Message);
        Assert.False(Directory.Exists(attempt.Environment.Folder));
    }

    [Fact]
    public async Task WhenTheLeasesTimerIsEarly_ItIsAwaitedAgain()
    {
        _harness.Time.Early = TimeSpan.FromMilliseconds(1);
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        _harness.Time.Advance(TimeSpan.FromMilliseconds(3999));
        Assert.False(attempt.Stop.IsCancellationRequested);
        _harness.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TaskFailureKind.Stopped, (await attempt.Outcome.WaitAsync(TimeSpan.FromSeconds(30))).Failure!.Kind);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AttemptThatEndsWithoutALease_HasMadeNothing(bool isExtendedAgain)
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        attempt.IsDeaf = true;
        await _harness.TickAsync();
        var (_, answer) = await _harness.BeatAsync();
        _harness.Time.Advance(TimeSpan.FromSeconds(4.1));
        if (isExtendedAgain)
        {
            // That heartbeat was given up; the next one gets through.
            await _harness.TickAsync();
            Assert.Equal(attempt.Order.Key, Assert.Single((await _harness.BeatAsync(TrackerHarness.Orders())).Running).Key);
        }

        answer.TrySetCanceled();
        attempt.End();
        TrackerReport report = await UntilEndedAsync();
        TaskOutcome outcome = Assert.Single(report.Ended);
        Assert.Equal((TaskFailureKind.Stopped, true, null), (outcome.Failure!.Kind, outcome.Failure.Message.Contains("lease", StringComparison.Ordinal), outcome.Map));
        Assert.False(Directory.Exists(attempt.Environment.Folder));
        Assert.Contains("the lease ended", Assert.Single(_harness.Tracker.ReadLogs("job-1", null)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretOfAJob_IsKnown_AsLongAsTheJobIs()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1) with { Secret = "s3cret" }));
        HostedAttempt attempt = await _harness.BegunAsync();
        Assert.Equal("s3cret", _harness.Tracker.SecretOf("job-1"));
        Assert.Null(_harness.Tracker.SecretOf("job-2"));
        attempt.End();
        await UntilEndedAsync();
        Assert.Equal("s3cret", _harness.Tracker.SecretOf("job-1"));
        await _harness.TickAsync();
        await _harness.UntilAsync(static report => report.Jobs.Count == 0, TrackerHarness.Orders() with { Forget = ["job-1"] });
        Assert.Null(_harness.Tracker.SecretOf("job-1"));
    }

    [Fact]
    public async Task EachAnswer_ExtendsTheLease()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        for (int i = 0; i < 20; i++)
        {
            await _harness.TickAsync();
            await _harness.BeatAsync(TrackerHarness.Orders());
        }

        Assert.False(attempt.Stop.IsCancellationRequested);
    }

    [Fact]
    public async Task AnswerThatComesTooLate_IsNotFollowed()
    {
        var (_, late) = await _harness.BeatAsync();
        await _harness.TickAsync();
        late.SetResult(TrackerHarness.Orders(TrackerHarness.Map(1)));
        TrackerReport report = await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Equal(2, report.Sequence);
        await _harness.TickAsync();
        Assert.Empty((await _harness.BeatAsync(TrackerHarness.Orders())).Running);
        Assert.False(_harness.HasBegun);
    }

    [Fact]
    public async Task CoordinatorThatFails_IsAskedAgain_AndThePlaceSaysSo()
    {
        var (_, answer) = await _harness.BeatAsync();
        answer.SetException(new InvalidOperationException("no silo"));
        await _harness.TickAsync();
        var (_, second) = await _harness.BeatAsync();
        Assert.Contains("no silo", _harness.Tracker.Problem);
        second.SetResult(TrackerHarness.Orders());
        await _harness.TickAsync();
        await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Null(_harness.Tracker.Problem);
    }

    [Fact]
    public async Task StopOrder_StopsTheAttempt_AndNobodysOutcomeIsForgotten()
    {
        TaskOrder order = TrackerHarness.Map(1);
        await _harness.BeatAsync(TrackerHarness.Orders(order));
        HostedAttempt attempt = await _harness.BegunAsync();
        _harness.Tracker.Poke();
        await _harness.BeatAsync(TrackerHarness.Orders() with { Stop = [order.Key] });
        await attempt.Outcome;
        TrackerReport report = await _harness.BeatAsync(TrackerHarness.Orders() with { Stop = [order.Key] });
        Assert.Equal(TaskFailureKind.Stopped, Assert.Single(report.Ended).Failure!.Kind);
        _harness.Tracker.Poke();
        Assert.Empty((await _harness.BeatAsync(TrackerHarness.Orders())).Ended);
    }

    [Fact]
    public async Task Forget_RemovesTheJobsFiles_AndStopsWhatRuns()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1), TrackerHarness.Map(2), TrackerHarness.Map(1, "job-2")));
        HostedAttempt[] attempts = [await _harness.BegunAsync(), await _harness.BegunAsync(), await _harness.BegunAsync()];
        HostedAttempt done = attempts.Single(static attempt => attempt.Order.Key == TrackerHarness.Map(1).Key);
        done.End();
        await _harness.BeatAsync(TrackerHarness.Orders() with { Forget = ["job-1"] });
        await attempts.Single(static attempt => attempt.Order.Key == TrackerHarness.Map(2).Key).Outcome;
        TrackerReport report = await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Empty(report.Ended);
        Assert.Equal(["job-2"], report.Jobs);
        Assert.Equal(["job-2"], Directory.EnumerateDirectories(_harness.Tracker.WorkFolder).Select(Path.GetFileName));
        Assert.NotEmpty(_harness.Tracker.ReadLogs("job-1", null));
    }

    [Fact]
    public async Task FailedAttempt_LeavesNoFiles_ButItsLog()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(3)));
        HostedAttempt attempt = await _harness.BegunAsync();
        File.WriteAllText(Path.Combine(attempt.Environment.Folder, "run"), "");
        attempt.Log.Write("from the mapper\nin two lines");
        attempt.Fail("broken");
        await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.False(Directory.Exists(attempt.Environment.Folder));
        AttemptTranscript log = Assert.Single(_harness.Tracker.ReadLogs("job-1", "map-3"));
        Assert.Equal((attempt.Order.Key, "n1", _harness.Time.GetUtcNow().ToUnixTimeMilliseconds()), (log.Key, log.Tracker, log.StartedMs));
        Assert.Contains("in two lines\n", log.Text);
        Assert.Contains("Attempt: broken\n", log.Text);
        Assert.Empty(_harness.Tracker.ReadLogs("job-1", "map-4"));
        Assert.Empty(_harness.Tracker.ReadLogs("../job-1", null));
    }

    [Fact]
    public async Task LogsOfTheNewestJobs_AreKept()
    {
        await _harness.BeatAsync(TrackerHarness.Orders([.. Enumerable.Range(1, 5).Select(static i => TrackerHarness.Map(1, $"job-{i}"))]));
        for (int i = 0; i < 5; i++) (await _harness.BegunAsync()).End();
        await _harness.UntilAsync(static report => report.Ended.Count == 5);
        Assert.InRange(Enumerable.Range(1, 5).Count(i => _harness.Tracker.ReadLogs($"job-{i}", null).Count > 0), 3, 5);
        await _harness.TickAsync();
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1, "job-9")));
        (await _harness.BegunAsync()).End();
        await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Equal([4, 5, 9], Enumerable.Range(1, 9).Where(i => _harness.Tracker.ReadLogs($"job-{i}", null).Count > 0));
    }

    [Fact]
    public async Task GracefulStop_TakesNoWork_AndSaysThatItsAttemptsStopped()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        Task stop = _harness.Tracker.StopAsync(CancellationToken.None);
        List<TrackerReport> reports = [];
        while (!stop.IsCompleted)
        {
            Task<(TrackerReport Report, TaskCompletionSource<TrackerOrders> Answer)> next = _harness.BeatAsync();
            if (await Task.WhenAny(stop, next) != next) break;

            // With the last answer the stop is over.
            reports.Add((await next).Report);
            (await next).Answer.TrySetResult(TrackerHarness.Orders(TrackerHarness.Map(2)));
        }

        await stop;
        Assert.All(reports, static report => Assert.Equal(0, report.Slots));
        Assert.Equal(TaskFailureKind.Stopped, Assert.Single(reports[^1].Ended).Failure!.Kind);
        Assert.True(attempt.Stop.IsCancellationRequested);
        Assert.False(_harness.HasBegun);
    }

    [Fact]
    public async Task Killed_SaysNothingMore()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        _harness.Tracker.Kill();
        await attempt.Outcome;
        await _harness.Tracker.DisposeAsync();
        while (_harness.HasBeat) Assert.Empty((await _harness.BeatAsync()).Report.Ended);
    }

    [Fact]
    public async Task NewStart_IsAnotherIncarnation_AndHasNothingOfTheOneBefore()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1)));
        HostedAttempt attempt = await _harness.BegunAsync();
        attempt.End();
        await _harness.BeatAsync(TrackerHarness.Orders());
        string before = _harness.Tracker.Incarnation;
        await _harness.Tracker.DisposeAsync();
        _harness.Restart();
        Assert.NotEqual(before, _harness.Tracker.Incarnation);
        Assert.False(Directory.Exists(attempt.Environment.Folder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Tracker.WorkFolder));
        Assert.NotEmpty(_harness.Tracker.ReadLogs("job-1", null));
    }

    [Fact]
    public async Task IdThatIsNoName_IsRefused()
    {
        await _harness.BeatAsync(TrackerHarness.Orders(TrackerHarness.Map(1, "../../etc")));
        TrackerReport report = await _harness.BeatAsync(TrackerHarness.Orders());
        Assert.Contains("no id of a job", Assert.Single(report.Ended).Failure!.Message);
        Assert.Equal(["mr"], Directory.EnumerateFileSystemEntries(_harness.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void Slots_AreShared_AndPassOnWhenATrackerEnds()
    {
        SlotPool pool = new(2);
        (object a, object b, object c) = (new(), new(), new());
        pool.Join(a);
        Assert.Equal((2, 0), (pool.Of(a), pool.Of(b)));
        pool.Join(b);
        pool.Join(c);
        Assert.Equal((1, 1, 0), (pool.Of(a), pool.Of(b), pool.Of(c)));
        pool.Leave(a);
        Assert.Equal((0, 1, 1), (pool.Of(a), pool.Of(b), pool.Of(c)));
        pool.Leave(b);
        Assert.Equal(2, pool.Of(c));
    }

    private async Task<TrackerReport> UntilEndedAsync()
    {
        await _harness.TickAsync();
        return await _harness.UntilAsync(static report => report.Ended.Count > 0);
    }
}
