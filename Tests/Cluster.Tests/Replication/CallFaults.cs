using Quorleans.GrainInterfaces;

namespace Quorleans.Cluster.Tests.Replication;

/// <summary>
/// Disturbs calls to replicas before and after they are executed: drops, delays (and so reorders), executes twice, or executes and
/// loses the reply. Off until <see cref="Rate"/> is set.
/// </summary>
internal sealed class CallFaults(int seed, Func<string, bool> concerns) : IIncomingGrainCallFilter
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly int[] _counts = new int[4];

    /// <summary>How many of a hundred calls are disturbed.</summary>
    public int Rate { get; set; }

    public string Counts => $"{_counts[0]} dropped, {_counts[1]} delayed, {_counts[2]} doubled, {_counts[3]} executed with the reply lost";

    public bool AllHappened => Array.TrueForAll(_counts, static count => count > 0);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (Rate == 0 || context.Grain is not IRaftReplicaGrain replica || !concerns(context.MethodName) || Choose() is not { } fault)
        {
            await context.Invoke();
            return;
        }

        Interlocked.Increment(ref _counts[fault.Kind]);
        switch (fault.Kind)
        {
            case 0:
                throw new TimeoutException("Dropped by the test.");
            case 1:
                await Task.Delay(fault.DelayMs);
                await context.Invoke();
                break;
            case 2:
                await RepeatAsync(replica, context);
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

    private (int Kind, int DelayMs)? Choose()
    {
        lock (_lock)
        {
            if (_random.Next(100) >= Rate) return null;
            return (_random.Next(4), _random.Next(1, 40));
        }
    }
}
