using System.Runtime.ExceptionServices;

namespace Quorleans.Clerk;

/// <summary>
/// Calls of operators and to the cluster's own grains, which are few and may all be made twice: when one is not answered soon, it is made once more by another gateway, since the one
/// that it went by may be paused or cut off; when all are silent, all are asked once more. Whichever answer comes first counts. A Clerk, whose calls are many, remembers which gateways are silent instead.
/// </summary>
/// <param name="own">The client's own connections, or a silo's grain factory.</param>
/// <param name="gateways">Connections to single nodes; null where there are none: then there is one way.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class HedgedCalls(IGrainFactory own, INodeGateways? gateways, TimeProvider? time = null)
{
    /// <summary>After how long a question is asked again by another way: 250 ms. Three of four ways may be dead, and it is still answered within a second.</summary>
    public static readonly TimeSpan QuestionSilence = TimeSpan.FromMilliseconds(250);

    /// <summary>The same for what rightly takes its time: 2 s.</summary>
    public static readonly TimeSpan ChangeSilence = TimeSpan.FromSeconds(2);

    // A call may be lost with the silo that it was on its way to, though every gateway lives; Orleans says nothing of it for half a minute.
    private static readonly TimeSpan RoundPause = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Makes a call.</summary>
    /// <param name="node">The node that the grain is on, whose own gateway is the best way; null when nobody knows.</param>
    /// <param name="call">Makes it by the given way; it may be made by several at the same time.</param>
    /// <param name="silence">After how long without an answer it is made by the next way, too.</param>
    /// <param name="patience">How long an answer is waited for in all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TimeoutException">Nobody has answered within <paramref name="patience"/>. Whether a call was carried out is not known.</exception>
    /// <exception cref="Exception">What the last call threw, when all have failed.</exception>
    public async Task<T> CallAsync<T>(string? node, Func<IGrainFactory, Task<T>> call, TimeSpan silence, TimeSpan patience, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        long start = _time.GetTimestamp(), lastMade = start;
        int ways = 0;
        List<IGrainFactory> tried = [];
        List<Task<T>> open = [];
        ExceptionDispatchInfo? failure = null;
        while (true)
        {
            if (NextWay(node, tried) is { } way)
            {
                tried.Add(way);
                ways = Math.Max(ways, tried.Count);
                lastMade = _time.GetTimestamp();
                open.Add(Start(call, way));
            }
            else if (open.Count == 0)
            {
                failure!.Throw();
            }
            else if (_time.GetElapsedTime(lastMade) >= RoundPause)
            {
                tried.Clear();
                continue;
            }

            TimeSpan left = patience - _time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) throw new TimeoutException($"No answer within {patience.TotalSeconds:0.#} s, by {ways} {(ways == 1 ? "way" : "ways")}.");
            // A gateway that opens meanwhile is one more way.
            TimeSpan wait = left < silence ? left : silence;
            if (await FirstAsync(open, wait, cancellationToken).ConfigureAwait(false) is not { } ended) continue;
            if (ended.IsCompletedSuccessfully) return await ended.ConfigureAwait(false);
            open.Remove(ended);
            failure = ExceptionDispatchInfo.Capture(ended.Exception?.InnerException ?? new TaskCanceledException(ended));
        }
    }

    private async Task<Task<T>?> FirstAsync<T>(List<Task<T>> open, TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.WhenAny(open).WaitAsync(wait, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private IGrainFactory? NextWay(string? node, List<IGrainFactory> tried)
    {
        IReadOnlyList<NodeGateway> others = gateways?.Open ?? [];
        if (node is not null)
            foreach (NodeGateway gateway in others)
                if (gateway.Node == node && !tried.Contains(gateway.Grains)) return gateway.Grains;
        if (!tried.Contains(own)) return own;
        foreach (NodeGateway gateway in others)
            if (!tried.Contains(gateway.Grains)) return gateway.Grains;
        return null;
    }

    private static Task<T> Start<T>(Func<IGrainFactory, Task<T>> call, IGrainFactory way)
    {
        Task<T> started = Guard(call, way);
        // One that comes second is nobody's.
        _ = started.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return started;
    }

    private static async Task<T> Guard<T>(Func<IGrainFactory, Task<T>> call, IGrainFactory way) => await call(way).ConfigureAwait(false);
}
