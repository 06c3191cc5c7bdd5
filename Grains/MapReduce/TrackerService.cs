using Microsoft.Extensions.Logging;
using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Grains.MapReduce;

/// <summary>A node's task tracker in its silo. Begins when the silo is active; its attempts run on threads of their own.</summary>
public sealed class TrackerService : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly Tracker _tracker;
    private readonly TrackerOptions _options;
    private readonly IMapOutputEndpoint _endpoint;

    /// <summary>Prepares the tracker, and empties its folder.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="endpoint">Where others fetch map outputs.</param>
    /// <param name="host">Runs attempts.</param>
    /// <param name="scanner">Reads the store.</param>
    /// <param name="grains">Finds the coordinator.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are reported.</param>
    public TrackerService(
        TrackerOptions options, IMapOutputEndpoint endpoint, IAttemptHost host, IStoreScanner scanner, IGrainFactory grains, TimeProvider time, ILogger<TrackerService> logger)
    {
        (_options, _endpoint) = (options, endpoint);
        _tracker = new Tracker(options, new CoordinatorLink(grains), host, scanner, time, logger);
    }

    /// <summary>The tracker.</summary>
    public Tracker Tracker => _tracker;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(lifecycle);
        lifecycle.Subscribe(nameof(TrackerService), ServiceLifecycleStage.Active, StartAsync, StopAsync);
    }

    /// <summary>From here on nobody hears of this tracker again.</summary>
    public void Kill()
    {
        _tracker.Kill();
        _ = _endpoint.StopAsync();
    }

    /// <summary>The tracker as the dashboard shows it.</summary>
    public TaskTrackerStatus Describe() => new()
    {
        Node = _options.Node,
        Slots = _tracker.Slots,
        Running = [.. _tracker.Running.Select(static attempt => FormattableString.Invariant($"{attempt.Key}: {attempt.Fraction * 100:F0} %"))],
        Attempts = _tracker.Attempts,
        Problem = _tracker.Problem,
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _endpoint.StopAsync().ConfigureAwait(false);
        await _tracker.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StartAsync(CancellationToken cancellationToken) =>
        _tracker.Start(await _endpoint.StartAsync(new MapOutputServer(_tracker.WorkFolder, _tracker.SecretOf), cancellationToken).ConfigureAwait(false));

    // Not on a scheduler of Orleans: a grain that the last heartbeat needs may be on it.
    private Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            if (cancellationToken.IsCancellationRequested) _tracker.Kill();
            else await _tracker.StopAsync(cancellationToken).ConfigureAwait(false);
            await DisposeAsync().ConfigureAwait(false);
        },
        CancellationToken.None);
}
