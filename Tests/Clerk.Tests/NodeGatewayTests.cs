using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Quorleans.GrainInterfaces;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>A Clerk with connections to single nodes beside its client's own.</summary>
public sealed class NodeGatewayTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly FakeReplicas _own = new();
    private readonly FakeReplicas _direct;
    private readonly ConnectionWatch _directConnections = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Gateways _gateways = new();
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _flushes = new();
    private readonly OrleansClerk _clerk;

    public NodeGatewayTests()
    {
        _guard.CancelAfter(TimeSpan.FromSeconds(20));
        _direct = new FakeReplicas(_own);
        _clerk = new OrleansClerk(_own, null, _time, new ConnectionWatch(), _gateways) { Queue = _flushes.Enqueue };
    }

    private CancellationToken Stop => _guard.Token;

    public ValueTask DisposeAsync()
    {
        _guard.Dispose();
        return _clerk.DisposeAsync();
    }

    [Fact]
    public async Task ANode_IsCalledByItsOwnGateway_OnceThatIsOpen()
    {
        await InTime(_clerk.PutAsync("a", "1", Stop));
        Assert.Empty(_direct.Calls);
        int before = _own.Calls.Count;
        Open();
        await InTime(_clerk.PutAsync("a", "2", Stop));
        Assert.Equal(before, _own.Calls.Count);
        Assert.Single(_direct.Calls);
    }

    [Fact]
    public async Task ASilentGateway_IsGoneAround_LongBeforeTheAttemptsTimeOut()
    {
        Open();
        await InTime(_clerk.PutAsync("a", "1", Stop));
        Silence();
        int before = _own.Calls.Count;
        Assert.InRange(await InTime(_clerk.PutAsync("a", "2", Stop)), 300, 800);
        Assert.True(_own.Calls.Count > before);

        // It is known now: the next ones do not wait for it.
        Assert.InRange(await InTime(_clerk.PutAsync("a", "3", Stop)), 0, 50);
    }

    [Fact]
    public async Task ASilentGateway_IsTriedAgain()
    {
        Open();
        await InTime(_clerk.PutAsync("a", "1", Stop));
        Silence();
        await InTime(_clerk.PutAsync("a", "2", Stop));
        _direct.Meet = null;
        int before = _direct.Calls.Count;
        _time.Advance(TimeSpan.FromSeconds(6));
        await InTime(_clerk.PutAsync("a", "3", Stop));
        Assert.Equal(before + 1, _direct.Calls.Count);
        await InTime(_clerk.PutAsync("a", "4", Stop));
        Assert.Equal(before + 2, _direct.Calls.Count);
    }

    [Fact]
    public async Task ABrokenGateway_IsGoneAroundAtOnce_AndTriedAgainAfterAWhile()
    {
        Open();
        await InTime(_clerk.PutAsync("a", "1", Stop));
        _direct.Meet = static (_, _) => Task.FromException<SubmitReply>(new SiloUnavailableException("No gateways available"));
        int own = _own.Calls.Count, direct = ToLeader(_direct);
        Assert.InRange(await InTime(_clerk.PutAsync("a", "2", Stop)), 0, 100);
        Assert.InRange(await InTime(_clerk.PutAsync("a", "3", Stop)), 0, 100);
        Assert.Equal(direct + 1, ToLeader(_direct));
        Assert.True(_own.Calls.Count > own);
        _direct.Meet = null;
        _time.Advance(TimeSpan.FromSeconds(2));
        await InTime(_clerk.PutAsync("a", "4", Stop));
        Assert.Equal(direct + 2, ToLeader(_direct));
    }

    [Fact]
    public async Task ACallThatFailsLongAfterOthersWereAnswered_SaysNothingOfItsGateway()
    {
        Open();
        TaskCompletionSource<SubmitReply> lost = new();
        _direct.Meet = (_, request) => request.IsQuery ? null : lost.Task;
        await InTime(_clerk.PutAsync("a", "1", Stop));
        _direct.Meet = null;
        _time.Advance(TimeSpan.FromSeconds(6));
        await InTime(_clerk.PutAsync("a", "2", Stop));
        int own = ToLeader(_own), direct = ToLeader(_direct);
        lost.SetException(new TimeoutException("No answer in half a minute."));
        await InTime(_clerk.PutAsync("a", "3", Stop));
        Assert.Equal((own, true), (ToLeader(_own), ToLeader(_direct) > direct));
    }

    [Fact]
    public async Task ACallThatWasLostWithItsConnection_IsNotTakenForASilentGateway()
    {
        Open();
        await InTime(_clerk.PutAsync("a", "1", Stop));
        Silence();
        Task<long> lost = _clerk.PutAsync("a", "2", Stop);
        await CallsAsync(_direct, _direct.Calls.Count + 1);
        _direct.Meet = null;
        _directConnections.NotifyGatewayCountChanged(0, 1, connectionRecovered: false);
        await InTime(lost);
        _time.Advance(TimeSpan.FromSeconds(1));
        int own = ToLeader(_own), direct = ToLeader(_direct);
        await InTime(_clerk.PutAsync("a", "3", Stop));
        Assert.Equal((own, true), (ToLeader(_own), ToLeader(_direct) > direct));
    }

    [Fact]
    public async Task ABreakOfOneConnection_SendsAgainOnlyWhatTravelledByIt()
    {
        await InTime(_clerk.PutAsync("a", "1", Stop));
        _own.Meet = static (_, _) => new TaskCompletionSource<SubmitReply>().Task;
        Task<long> byOwn = _clerk.PutAsync("a", "2", Stop);
        await CallsAsync(_own, _own.Calls.Count + 1);
        Open();
        int own = _own.Calls.Count;
        _direct.Meet = _own.Meet;
        Task<long> byDirect = _clerk.PutAsync("a", "3", Stop);
        await CallsAsync(_direct, 1);
        _direct.Meet = null;
        _directConnections.NotifyGatewayCountChanged(0, 1, connectionRecovered: false);
        await InTime(byDirect, 100);
        Assert.False(byOwn.IsCompleted);
        Assert.Equal(own, _own.Calls.Count);
    }

    private void Open() => _gateways.Open = [new NodeGateway("n1", _direct, _directConnections)];

    private void Silence() => _direct.Meet = static (_, _) => new TaskCompletionSource<SubmitReply>().Task;

    // Other replicas are asked who leads by whichever way comes next: that is not what these are about.
    private static int ToLeader(FakeReplicas way) => way.Calls.Count(static call => call.Target == "g1/n1");

    private async Task CallsAsync(FakeReplicas replicas, int count)
    {
        while (replicas.Calls.Count < count)
        {
            Stop.ThrowIfCancellationRequested();
            Flush();
            await Task.Yield();
        }
    }

    /// <summary>Moves time until the operation ends.</summary>
    /// <returns>After how many milliseconds.</returns>
    private async Task<int> InTime(Task operation, int withinMs = 5_000)
    {
        int waited = 0;
        for (; waited < withinMs && !operation.IsCompleted; waited += 10)
        {
            Flush();
            for (int turn = 0; turn < 5 && !operation.IsCompleted; turn++) await OthersFirst();
            if (!operation.IsCompleted) _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        await operation.WaitAsync(Stop);
        return waited;
    }

    // Here, to its end: what replicas answer at once, the Clerk has taken in by then.
    private void Flush()
    {
        while (_flushes.TryDequeue(out IThreadPoolWorkItem? flush)) flush.Execute();
    }

    // However busy the machine is: what others have queued begins before this goes on. (A yield may queue in front of them.)
    private static Task OthersFirst()
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(static done => done.SetResult(), done, preferLocal: false);
        return done.Task;
    }

    private sealed class Gateways : INodeGateways
    {
        public IReadOnlyList<NodeGateway> Open { get; set; } = [];
    }
}
