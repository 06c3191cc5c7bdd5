using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>
/// What tests do to jobs of a cluster. Places where they can be held: <c>map begins</c>, where an attempt still listens; <c>map ends</c>, where it does not, and
/// has done its work; the same for <c>plan</c> and <c>reduce</c>; <c>fetch</c>, before a reduce task asks another node for map outputs; and <c>commit STEP</c>
/// for the steps of <see cref="JobOutput"/>.
/// </summary>
internal sealed class JobFaults : IIncomingGrainCallFilter
{
    private readonly Lock _lock = new();
    private readonly List<Gate> _gates = [];
    private TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _coordinators;

    /// <summary>The node whose heartbeats do not arrive.</summary>
    public volatile string? Unheard;

    /// <summary>Changes what an attempt is given, by its node.</summary>
    public Func<string, TaskOrder, AttemptEnvironment, AttemptEnvironment>? Environment { get; set; }

    /// <summary>Is told of each attempt's end before its tracker is.</summary>
    public Action<TaskOutcome>? Ended { get; set; }

    /// <summary>Ends when the coordinator has been told of a cancellation, and has acted.</summary>
    public Task Cancelled => _cancelled.Task;

    /// <summary>How many activations of the coordinator there were.</summary>
    public int Coordinators => Volatile.Read(ref _coordinators);

    /// <summary>The coordinator is activated, as often as Orleans likes: also when a silo is gone whose part of the grain directory knew it.</summary>
    public void NoteCoordinator() => Interlocked.Increment(ref _coordinators);

    /// <summary>Everything goes its way again.</summary>
    public void Clear()
    {
        (Unheard, Environment, Ended) = (null, null, null);
        _cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            foreach (Gate gate in _gates) gate.Open();
            _gates.Clear();
        }
    }

    /// <summary>Holds the first that comes to a place from now on.</summary>
    public Gate Hold(string place, Func<string, bool>? isConcerned = null)
    {
        Gate gate = new(place, isConcerned ?? (static _ => true));
        lock (_lock) _gates.Add(gate);
        return gate;
    }

    /// <summary>Comes to a place.</summary>
    public Task PassAsync(string place, string node, CancellationToken cancellation)
    {
        lock (_lock) return _gates.Find(gate => gate.TryHold(place, node))?.Opened.WaitAsync(cancellation) ?? Task.CompletedTask;
    }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is not IJobCoordinatorGrain)
        {
            await context.Invoke();
            return;
        }

        if (context.MethodName == nameof(IJobCoordinatorGrain.Heartbeat) && Unheard is { } node && JobCodec.Decode<TrackerReport>(((JobFrame)context.Request.GetArgument(0)!).Bytes).Tracker == node)
            throw new TimeoutException("Dropped by the test.");
        Task call = context.Invoke();

        // What the coordinator does at once it has done by now.
        if (context.MethodName == nameof(IJobCoordinatorGrain.Cancel)) _cancelled.TrySetResult();
        await call;
    }
}
