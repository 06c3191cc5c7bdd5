using Quorleans.GrainInterfaces;

namespace Quorleans.Cluster.Tests.Replication;

/// <summary>
/// Disturbs calls to replicas and to nodes, for several replicas at once, before and after they are executed: drops, holds back until later ones have overtaken it, executes twice, or
/// executes and loses the reply. Off until <see cref="Rate"/> is set.
/// </summary>
internal sealed class CallFaults(int seed, Func<string, bool> concerns) : IIncomingGrainCallFilter
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly int[] _counts = new int[4];
    private readonly List<Held> _held = [];
    private int _rate;
    private int _together;

    /// <summary>How many of a hundred calls are disturbed. At 0 those that are held back go on.</summary>
    public int Rate
    {
        get => Volatile.Read(ref _rate);
        set
        {
            Volatile.Write(ref _rate, value);
            if (value == 0) Overtake(int.MaxValue);
        }
    }

    public string Counts => $"{_counts[0]} dropped, {_counts[1]} overtaken, {_counts[2]} doubled, {_counts[3]} executed with the reply lost";

    /// <summary>Calls to nodes that were disturbed.</summary>
    public int Together => Volatile.Read(ref _together);

    public bool AllHappened => Array.TrueForAll(_counts, static count => count > 0);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        bool concerned = Rate != 0 && context.Grain is IRaftReplicaGrain or INodeGrain && concerns(context.MethodName);
        if (concerned) Overtake(1);
        if (!concerned || Choose() is not { } fault)
        {
            await context.Invoke();
            return;
        }

        Interlocked.Increment(ref _counts[fault.Kind]);
        if (context.Grain is INodeGrain) Interlocked.Increment(ref _together);
        switch (fault.Kind)
        {
            case 0:
                throw new TimeoutException("Dropped by the test.");
            case 1:
                await HoldAsync(fault.Calls);
                await context.Invoke();
                break;
            case 2:
                await (context.Grain is INodeGrain node ? RepeatAsync(node, context) : RepeatAsync((IRaftReplicaGrain)context.Grain, context));
                await context.Invoke();
                break;
            default:
                await context.Invoke();
                throw new TimeoutException("Its reply was lost by the test.");
        }
    }

    private static Task RepeatAsync(IRaftReplicaGrain replica, IIncomingGrainCallContext context)
    {
        object argument = context.Request.GetArgument(0)!;
        return context.MethodName switch
        {
            nameof(IRaftReplicaGrain.AppendEntries) => replica.AppendEntries((RaftFrame)argument),
            nameof(IRaftReplicaGrain.RequestVote) => replica.RequestVote((RaftFrame)argument),
            nameof(IRaftReplicaGrain.InstallSnapshot) => replica.InstallSnapshot((RaftFrame)argument),
            nameof(IRaftReplicaGrain.TimeoutNow) => replica.TimeoutNow((RaftFrame)argument),
            nameof(IRaftReplicaGrain.ReadIndex) => replica.ReadIndex((RaftFrame)argument),
            nameof(IRaftReplicaGrain.Submit) => replica.Submit((SubmitRequest)argument),
            _ => Task.CompletedTask,
        };
    }

    private static Task RepeatAsync(INodeGrain node, IIncomingGrainCallContext context)
    {
        object argument = context.Request.GetArgument(0)!;
        return context.MethodName switch
        {
            nameof(INodeGrain.AppendEntries) => node.AppendEntries((RaftFrames)argument),
            nameof(INodeGrain.Submit) => node.Submit((SubmitRequests)argument),
            _ => Task.CompletedTask, // a ticket is good for one answer
        };
    }

    private Task HoldAsync(int calls)
    {
        Held held = new(calls);
        lock (_lock)
        {
            if (_rate == 0) return Task.CompletedTask;
            _held.Add(held);
        }

        return held.Task;
    }

    private void Overtake(int calls)
    {
        List<Held> free;
        lock (_lock)
        {
            foreach (Held held in _held) held.Left -= Math.Min(held.Left, calls);
            free = _held.FindAll(static held => held.Left == 0);
            _held.RemoveAll(static held => held.Left == 0);
        }

        foreach (Held held in free) held.SetResult();
    }

    private (int Kind, int Calls)? Choose()
    {
        lock (_lock)
        {
            if (_random.Next(100) >= Rate) return null;
            return (_random.Next(4), _random.Next(1, 6));
        }
    }

    /// <summary>A call that waits until others have overtaken it: on a replica's heartbeats at the latest, since they never end.</summary>
    private sealed class Held(int calls) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Left { get; set; } = calls;
    }
}
