using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Quorleans.Client.Tests;

/// <summary>How a client starts while a gateway is paused, which takes its connection and says nothing.</summary>
public sealed class ConnectorTests
{
    // So long that moving the time does not reach it before what it wakes has run.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);
    private readonly FakeTimeProvider _time = new();
    private readonly List<StartingHost> _hosts = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AStartThatHangs_IsFollowedByAnother_AndGivenUpWhenThatIsUp()
    {
        Task<IHost> start = StartAsync(static number => number < 2 ? new TaskCompletionSource().Task : Task.CompletedTask);
        Assert.Single(_hosts);
        while (!start.IsCompleted) await PassAsync();
        Assert.Equal(3, _hosts.Count);
        Assert.Same(_hosts[2], await start);
        Assert.False(_hosts[2].Disposed.IsCompleted);
        await _hosts[0].Disposed.WaitAsync(Stop);
        await _hosts[1].Disposed.WaitAsync(Stop);
        Assert.All(_hosts[..2], static host => Assert.True(host.Stopping.IsCancellationRequested));
    }

    [Fact]
    public async Task OneThatIsOnlySlow_IsTakenAllTheSame()
    {
        TaskCompletionSource slow = new();
        Task<IHost> start = StartAsync(number => number == 0 ? slow.Task : new TaskCompletionSource().Task);
        while (_hosts.Count < 4) await PassAsync();
        slow.SetResult();
        Assert.Same(_hosts[0], await start);
        await _hosts[3].Disposed.WaitAsync(Stop);
        Assert.Equal(4, _hosts.Count);
    }

    [Fact]
    public async Task WhenNoneStarts_ItEndsInTime()
    {
        Task<IHost> start = StartAsync(static _ => new TaskCompletionSource().Task);
        while (!start.IsCompleted) await PassAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => start);
        Assert.Equal(4, _hosts.Count);
        foreach (StartingHost host in _hosts) await host.Disposed.WaitAsync(Stop);
    }

    private Task<IHost> StartAsync(Func<int, Task> start) => OrleansConnector.StartAsync(
        number =>
        {
            StartingHost host = new(start(number));
            _hosts.Add(host);
            return host;
        }, Patience, _time, Stop);

    private async Task PassAsync()
    {
        Stop.ThrowIfCancellationRequested();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await Task.Yield();
    }

    private sealed class StartingHost(Task started) : IHost
    {
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Disposed => _disposed.Task;

        public CancellationToken Stopping { get; private set; }

        public IServiceProvider Services => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default)
        {
            Stopping = cancellationToken;
            return started;
        }

        public Task StopAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public void Dispose() => _disposed.TrySetResult();
    }
}
