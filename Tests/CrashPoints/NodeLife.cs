using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.CrashPoints;

/// <summary>The real node between two power cuts, on one thread. The other members of its groups are played by the scripts.</summary>
internal sealed class NodeLife
{
    internal static readonly Guid Cluster = new("c0000000-0000-0000-0000-000000000001");
    internal static readonly Guid NodeId = new("0f9d2c7e-5a3b-4c1d-8e6f-a1b2c3d4e5f6");
    internal const int SegmentBytes = 32 << 10;
    internal static readonly RaftOptions Raft = new() { ElectionTicks = 20, HeartbeatTicks = 5 };
    private readonly FakeTimeProvider _time = new();
    private readonly ManualNodeScheduler _scheduler = new();
    private readonly Func<bool> _isOff;
    private ViolationException? _violation;

    /// <param name="disk">What the node sees as its disk.</param>
    /// <param name="isOff">Whether the power has gone: then the node's thread is gone too, wherever it was.</param>
    internal NodeLife(IDisk disk, Func<bool> isOff)
    {
        _isOff = isOff;
        RaftNodeOptions options = new()
        {
            ClusterId = Cluster, Node = "n1", NodeId = NodeId, Raft = Raft, LogSegmentBytes = SegmentBytes, SnapshotThresholdBytes = 3000,
            RetainedBytes = 500, Time = _time, NextSeed = static () => 7,
        };
        Node = RaftNode.Start(options, disk, new Nobody(), group => Machines[group.Name] = new JournalMachine(), Logger, _scheduler);
        ThrowIfOff();
    }

    /// <summary>Gets the reasons when a node stops for good.</summary>
    internal static ILogger Logger { get; set; } = NullLogger.Instance;

    internal RaftNode Node { get; }

    internal Dictionary<string, JournalMachine> Machines { get; } = [];

    internal bool HasAside => _scheduler.HasAside;

    internal void RunLoop()
    {
        while (_scheduler.RunLoop()) ThrowIfOff();
    }

    internal void RunBatch()
    {
        _scheduler.Log.RunBatch();
        ThrowIfOff();
        RunLoop();
    }

    internal void RunAside()
    {
        _scheduler.RunAside();
        ThrowIfOff();
        RunLoop();
    }

    internal void RunLogAside()
    {
        _scheduler.Log.RunAside();
        ThrowIfOff();
        RunLoop();
    }

    internal void Tick(int count = 1)
    {
        for (; count > 0; count--)
        {
            _time.Advance(TimeSpan.FromMilliseconds(Raft.TickMilliseconds));
            RunLoop();
        }
    }

    /// <summary>Carries everything out that waits.</summary>
    internal void Drain()
    {
        for (int i = 0; i < 1000 && (_scheduler.Log.HasBatch || _scheduler.Log.HasAside || _scheduler.HasAside); i++)
        {
            RunBatch();
            RunLogAside();
            RunAside();
        }
    }

    internal T Await<T>(Task<T> task)
    {
        RunLoop();
        return task.IsCompletedSuccessfully ? task.Result : throw new ViolationException($"The loop gave no answer: {task.Exception?.GetBaseException().Message ?? "none came"}");
    }

    /// <summary>Does something when a task ends, on the thread that ends it, or at once.</summary>
    internal void When(Task task, Action then)
    {
        if (task.IsCompleted) then();
        else task.ContinueWith(_ => Keep(then), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    // It comes out of the node's own code, which must not see what the scripts think of it.
    private void Keep(Action then)
    {
        try
        {
            then();
        }
        catch (ViolationException violation)
        {
            _violation ??= violation;
        }
    }

    private void ThrowIfOff()
    {
        if (_violation is { } violation) throw new ViolationException(violation.Message, violation);
        if (_isOff()) throw new SimulatedCrashException("The power is off.");
    }

    private sealed class Nobody : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => Task.FromException<byte[]>(new IOException("nobody there"));

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => Task.FromException<byte[][]>(new IOException("nobody there"));
    }
}
