using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quorleans.GrainInterfaces;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>The adapter over replicas in memory. Time stands still unless a test moves it.</summary>
public sealed class OrleansClerkTests : IAsyncDisposable
{
    // Real time: an operation that waits for virtual time nobody moves must fail its test, not hang the run.
    private readonly CancellationTokenSource _guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    private readonly FakeReplicas _replicas = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConnectionWatch _connections = new();
    private readonly OrleansClerk _clerk;

    public OrleansClerkTests()
    {
        _guard.CancelAfter(TimeSpan.FromSeconds(20));
        _clerk = new OrleansClerk(_replicas, null, _time, _connections);
    }

    private CancellationToken Stop => _guard.Token;

    public ValueTask DisposeAsync()
    {
        _guard.Dispose();
        return _clerk.DisposeAsync();
    }

    [Fact]
    public async Task EveryKindOfOperation_ReachesTheStoreAndComesBack()
    {
        Assert.False((await _clerk.GetAsync("a", Stop)).Found);
        long first = await _clerk.PutAsync("a", "1", Stop);
        long second = await _clerk.AppendAsync("a", "2", Stop);
        Assert.True(second > first && first > 0);
        GetResult read = await _clerk.GetAsync("a", Stop);
        Assert.Equal((true, second), (read.Found, read.Version));
        Assert.Equal("12", await _clerk.GetStringAsync("a", Stop));
        Assert.Equal(new CompareAndSetResult(false, second), await _clerk.CompareAndSetAsync("a", first, "x", Stop));
        CompareAndSetResult set = await _clerk.CompareAndSetAsync("a", second, "3", Stop);
        Assert.True(set.Succeeded && set.Version > second);
        Assert.True(await _clerk.DeleteAsync("a", Stop));
        Assert.False(await _clerk.DeleteAsync("a", Stop));
        Assert.Null(await _clerk.GetStringAsync("a", Stop));
    }

    [Fact]
    public async Task ATransactionReachesTheStoreAndComesBack()
    {
        Txn take = Txn.If(When.Missing("{job}owner"))
            .Then(Do.Put("{job}owner", "me"), Do.Append("{job}log", "taken;"), Do.Get("{job}log"))
            .Else(Do.Get("{job}owner"), Do.Delete("{job}none"));
        TxnResult first = await _clerk.TransactAsync(take, Stop);
        Assert.True(first.Succeeded);
        Assert.Equal("taken;", first.Steps[2].Text);
        Assert.True(first.Steps[0].Version > 0 && first.Steps[1].Version == first.Steps[2].Version);

        TxnResult second = await _clerk.TransactAsync(take, Stop);
        Assert.False(second.Succeeded);
        Assert.Equal(("me", first.Steps[0].Version), (second.Steps[0].Text, second.Steps[0].Version));
        Assert.False(second.Steps[1].Found);

        TxnResult both = await _clerk.TransactAsync(Txn.Of(Do.Get("{job}owner"), Do.Get("{job}log"), Do.Get("{job}none")), Stop);
        Assert.Equal(["me", "taken;", null], both.Steps.Select(step => step.Text));
        ClerkException error = await Assert.ThrowsAsync<ClerkException>(() => _clerk.TransactAsync(Txn.Of(Do.Get("a"), Do.Put("b", "1")), Stop));
        Assert.Equal((ClerkError.ManyShards, OperationOutcome.DidNotHappen), (error.Error, error.Outcome));
        Assert.Contains("'{a}a', '{a}b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AScanGoesThroughAllPages()
    {
        for (int i = 0; i < 25; i++) await _clerk.PutAsync($"k{i:00}", "v", Stop);
        List<string> keys = [];
        string? token = null;
        int pages = 0;
        do
        {
            ScanPage page = await _clerk.ScanAsync(new ScanRequest { Prefix = "k"u8.ToArray(), Limit = 10, Continuation = token }, Stop);
            foreach (ScanItem item in page.Items) keys.Add(System.Text.Encoding.UTF8.GetString(item.Key.Span));
            token = page.Continuation;
            pages++;
        }
        while (token is not null);

        Assert.Equal(Enumerable.Range(0, 25).Select(static i => $"k{i:00}"), keys);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task ManyOutstandingOperations_TravelInFewCalls()
    {
        await _clerk.PutAsync("warm", "up", Stop);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _replicas.Calls.Clear();
        _replicas.Meet = (_, request) => request.IsQuery ? null : ServeAfter(gate.Task, request);
        Task<long>[] puts = new Task<long>[1000];
        for (int i = 0; i < puts.Length; i++) puts[i] = _clerk.PutAsync($"k{i}", "v", Stop);
        gate.SetResult();
        await Task.WhenAll(puts);

        // 1,000 at 512 a batch: two at best, a few more when the first left before the others were submitted.
        Assert.InRange(_replicas.CallsOf(isQuery: false), 2, 40);
    }

    [Fact]
    public async Task TheWaitForAMovingShard_IsMeasured_FromTheFirstAnswerToTheSuccess()
    {
        int shard = KeyValue.ShardFunction.Default.Of("a"u8).Value;
        ConcurrentQueue<double> waits = new();
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == ClerkMetrics.MovingWait) listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, wait, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
                if (tag.Key == ClerkMetrics.ShardTag && shard.Equals(tag.Value)) waits.Enqueue(wait);
        });
        listener.Start();
        int refusals = 0;
        _replicas.Meet = (_, request) =>
        {
            if (request.IsQuery || Interlocked.Increment(ref refusals) > 3) return null;
            KeyValue.ResultBatchBuilder moving = new();
            moving.Begin(1);
            moving.AddOwner(KeyValue.OperationStatus.Moving, new KeyValue.OwnerHint(1, 1, 20));
            return Task.FromResult(new SubmitReply(SubmitStatus.Ok, moving.Build()) { LogTimeMs = 1 });
        };

        // All of it on this thread: time goes on when nothing else does.
        ConcurrentQueue<IThreadPoolWorkItem> flushes = new();
        await using OrleansClerk clerk = new(_replicas, null, _time, _connections) { Queue = flushes.Enqueue };
        Task<long> put = clerk.PutAsync("a", "1", Stop);
        while (!put.IsCompleted)
        {
            while (flushes.TryDequeue(out IThreadPoolWorkItem? flush)) flush.Execute();
            if (!put.IsCompleted) _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        await put;

        // Three times refused, and asked again 20 ms later at the earliest.
        Assert.InRange(Assert.Single(waits), 60, 2_000);
    }

    [Fact]
    public async Task AListenerThatThrows_HoldsUpNobody()
    {
        int thread = Environment.CurrentManagedThreadId, thrown = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == ClerkMetrics.MovingWait) listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            // Other tests wait, too, on threads of their own.
            if (Environment.CurrentManagedThreadId != thread) return;
            thrown++;
            throw new InvalidOperationException("a listener");
        });
        listener.Start();
        int refusals = 0;
        _replicas.Meet = (_, request) =>
        {
            if (request.IsQuery || ++refusals > 1) return null;
            KeyValue.ResultBatchBuilder moving = new();
            moving.Begin(2);
            for (int i = 0; i < 2; i++) moving.AddOwner(KeyValue.OperationStatus.Moving, new KeyValue.OwnerHint(1, 1, 20));
            return Task.FromResult(new SubmitReply(SubmitStatus.Ok, moving.Build()) { LogTimeMs = 1 });
        };
        ConcurrentQueue<IThreadPoolWorkItem> flushes = new();
        await using OrleansClerk clerk = new(_replicas, null, _time, _connections) { Queue = flushes.Enqueue };
        Task<long>[] puts = [clerk.PutAsync("a", "1", Stop), clerk.PutAsync("a", "2", Stop)];
        for (int i = 0; i < 500 && !puts.All(static put => put.IsCompleted); i++)
        {
            while (flushes.TryDequeue(out IThreadPoolWorkItem? flush)) flush.Execute();
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.All(puts, static put => Assert.True(put.IsCompletedSuccessfully));
        Assert.True(thrown > 0);
    }

    [Fact]
    public async Task AnExceptionOfACall_IsRetried()
    {
        await _clerk.PutAsync("a", "1", Stop);
        int failures = 0;
        _replicas.Meet = (_, request) => !request.IsQuery && Interlocked.Increment(ref failures) == 1
            ? Task.FromException<SubmitReply>(new TimeoutException("no response"))
            : null;

        await InTime(_clerk.AppendAsync("a", "2", Stop));
        Assert.Equal("12", await _clerk.GetStringAsync("a", Stop));
    }

    [Fact]
    public async Task AnAppendWhoseAnswerWasLost_IsAppliedOnce()
    {
        await _clerk.PutAsync("a", "1", Stop);
        int failures = 0;
        _replicas.Meet = (_, request) =>
        {
            if (request.IsQuery || Interlocked.Increment(ref failures) > 1) return null;
            _replicas.Serve(request);
            return Task.FromException<SubmitReply>(new TimeoutException("no response"));
        };
        await InTime(_clerk.AppendAsync("a", "2", Stop));

        Assert.Equal("12", await _clerk.GetStringAsync("a", Stop));
        Assert.Equal(2, failures);
    }

    [Fact]
    public async Task TheOutcomeIsUnknown_WhenTheLeaderNeverAnswers()
    {
        await _clerk.PutAsync("a", "1", Stop);
        _replicas.Meet = static (_, _) => new TaskCompletionSource<SubmitReply>().Task;
        Task<long> put = _clerk.PutAsync("a", "2", Stop);
        ClerkException e = await FailsInTime(put);

        Assert.Equal(ClerkError.DeadlineExceeded, e.Error);
        Assert.Equal(OperationOutcome.Unknown, e.Outcome);
    }

    [Fact]
    public async Task ItDidNotHappen_WhenNoHomeIsUp()
    {
        _replicas.Meet = static (_, _) => Task.FromException<SubmitReply>(new HomeUnavailableException("n1 is not up"));
        ClerkException e = await FailsInTime(_clerk.PutAsync("a", "2", Stop));

        Assert.Equal(OperationOutcome.DidNotHappen, e.Outcome);
        Assert.Contains("n1 is not up", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, OperationOutcome.DidNotHappen)]
    [InlineData(true, OperationOutcome.Unknown)]
    public async Task ARefusalProvesNothing_WhenAConnectionBrokeMeanwhile(bool broke, OperationOutcome expected)
    {
        await _clerk.PutAsync("a", "1", Stop);
        _replicas.Meet = (_, request) =>
        {
            if (!request.IsQuery && broke) _connections.NotifyGatewayCountChanged(1, 2, connectionRecovered: false);
            return Task.FromResult(new SubmitReply(SubmitStatus.NotLeader, default));
        };

        Assert.Equal(expected, (await FailsInTime(_clerk.PutAsync("a", "2", Stop))).Outcome);
    }

    [Fact]
    public async Task WhatWasUnderWayWhenAConnectionBroke_IsSentAgain()
    {
        await _clerk.PutAsync("a", "1", Stop);
        TaskCompletionSource<SubmitReply> never = new();
        TaskCompletionSource met = new();
        _replicas.Meet = (_, _) =>
        {
            met.TrySetResult();
            return never.Task;
        };
        Task<long> put = _clerk.PutAsync("a", "2", Stop);
        await met.Task.WaitAsync(Stop);
        _replicas.Meet = null;
        _connections.NotifyGatewayCountChanged(1, 2, connectionRecovered: false);

        // After the pause, long before the attempt's time-out.
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await put;
        Assert.Equal("2", await _clerk.GetStringAsync("a", Stop));
    }

    [Fact]
    public async Task ACancelledToken_EndsTheWaiting()
    {
        await _clerk.PutAsync("a", "1", Stop);
        TaskCompletionSource<SubmitReply> never = new();
        _replicas.Meet = (_, _) => never.Task;
        using CancellationTokenSource source = new();
        Task<long> put = _clerk.PutAsync("a", "2", source.Token);
        await source.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        Assert.Equal(source.Token, e.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _clerk.GetAsync("a", source.Token));
    }

    [Fact]
    public async Task OutstandingAndNewOperationsFail_OnceTheClerkIsDisposed()
    {
        await _clerk.PutAsync("a", "1", Stop);
        TaskCompletionSource<SubmitReply> late = new();
        _replicas.Meet = (_, _) => late.Task;
        Task<long> put = _clerk.PutAsync("a", "2", Stop);
        await _clerk.DisposeAsync();

        Assert.Equal(ClerkError.Disposed, (await Assert.ThrowsAsync<ClerkException>(() => put)).Error);
        Assert.Equal(ClerkError.Disposed, (await Assert.ThrowsAsync<ClerkException>(() => _clerk.GetAsync("a", Stop))).Error);
        late.SetResult(new SubmitReply(SubmitStatus.NotLeader, default));
    }

    [Fact]
    public async Task ABadKey_FailsWithItsOwnError()
    {
        Assert.Equal(ClerkError.KeyEmpty, (await Assert.ThrowsAsync<ClerkException>(() => _clerk.GetAsync("", Stop))).Error);
        ClerkException e = await Assert.ThrowsAsync<ClerkException>(() => _clerk.PutAsync("a\ud800", "v", Stop));
        Assert.Equal(ClerkError.Invalid, e.Error);
        Assert.Contains("character 1", e.Message, StringComparison.Ordinal);
        await _clerk.PutAsync("bytes"u8.ToArray(), new byte[] { 0xff }, Stop);
        Assert.Equal(ClerkError.Invalid, (await Assert.ThrowsAsync<ClerkException>(() => _clerk.GetStringAsync("bytes", Stop))).Error);
    }

    [Fact]
    public async Task AHostGetsOneClerk_WithItsOptions()
    {
        ServiceCollection services = new();
        services.AddSingleton<IGrainFactory>(_replicas);
        services.AddQuorleansClerk(static options => options.Nodes = ["n1"]);
        services.AddQuorleansClerk();
        await using ServiceProvider provider = services.BuildServiceProvider();
        IClerk clerk = provider.GetRequiredService<IClerk>();
        await clerk.PutAsync("a", "1", Stop);

        Assert.Same(clerk, provider.GetRequiredService<IClerk>());
        Assert.Single(provider.GetServices<IClusterConnectionStatusObserver>());
        Assert.Contains(_replicas.Calls, static call => call.Target == "ctl/n1");
        Assert.All(_replicas.Calls, static call => Assert.True(call.Target is "ctl/n1" or "g1/n1", call.Target));
        await using OrleansClerk other = provider.CreateQuorleansClerk(new ClerkOptions { Batching = false });
        Assert.Equal("1", await other.GetStringAsync("a", Stop));
    }

    private async Task<SubmitReply> ServeAfter(Task gate, SubmitRequest request)
    {
        await gate;
        return _replicas.Serve(request);
    }

    /// <summary>Moves time until the operation ends; it must, within its deadline.</summary>
    private async Task InTime(Task operation)
    {
        for (int i = 0; i < 1100 && !operation.IsCompleted; i++)
        {
            // Whatever was woken gets its turn on the pool before time goes on.
            for (int turn = 0; turn < 5; turn++) await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        await operation.WaitAsync(Stop);
    }

    private Task<ClerkException> FailsInTime(Task operation) => Assert.ThrowsAsync<ClerkException>(() => InTime(operation));
}
