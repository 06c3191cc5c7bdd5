using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Quorleans.Raft.Node;
using Quorleans.Simulation;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

/// <summary>Two groups on one node whose disk takes six milliseconds for a sync, in virtual time.</summary>
public sealed class GatheringTests : IAsyncDisposable
{
    private static readonly TimeSpan Sync = TimeSpan.FromMilliseconds(6);
    private readonly FakeTimeProvider _time = new();
    private readonly ManualNodeScheduler _scheduler = new();
    private RaftNode _node = null!;
    private SlowDisk _disk = null!;

    public async ValueTask DisposeAsync()
    {
        ValueTask ended = _node.DisposeAsync();
        Settle();
        await ended;
        await _scheduler.DisposeAsync();
    }

    [Fact]
    public void AGroupThatWroteBefore_IsWaitedFor_AndOneSyncDoesForBoth()
    {
        Start(TimeSpan.FromMilliseconds(5));
        WriteBoth();
        long before = _node.Statistics.Syncs;
        Task<Outcome> first = Propose("g1");
        Assert.False(first.IsCompleted);
        Task<Outcome> second = Propose("g2");
        Assert.True(first.IsCompleted && second.IsCompleted);
        Assert.Equal(before + 1, _node.Statistics.Syncs);
    }

    [Fact]
    public void AGroupThatDoesNotWriteAgain_IsWaitedForHalfASync()
    {
        Start(TimeSpan.FromMilliseconds(5));
        WriteBoth();
        Task<Outcome> alone = Propose("g1");
        _time.Advance(Sync / 2 - TimeSpan.FromMilliseconds(1));
        Settle();
        Assert.False(alone.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Settle();
        Assert.True(alone.IsCompleted);
    }

    [Fact]
    public void AGroupThatWroteLongAgo_IsNotWaitedFor()
    {
        Start(TimeSpan.FromMilliseconds(5));
        WriteBoth();
        for (int i = 0; i < 2; i++)
        {
            _ = Propose("g1");
            _time.Advance(Sync);
            Settle();
        }

        Assert.True(Propose("g1").IsCompleted);
    }

    [Fact]
    public void AfterOneSlowSync_NobodyIsWaitedFor()
    {
        Start(TimeSpan.FromMilliseconds(5));
        _disk.SyncTime = TimeSpan.FromTicks(1000);
        for (int i = 0; i < 4; i++) WriteBoth();
        _disk.SyncTime = Sync;
        Assert.True(Propose("g2").IsCompleted);
        Assert.True(Propose("g1").IsCompleted);
    }

    [Fact]
    public void NobodyIsWaitedFor_WhenTheNodeDoesNotGather()
    {
        Start(TimeSpan.Zero);
        foreach (string group in (string[])["g1", "g2", "g1"]) Assert.True(Propose(group).IsCompleted);
    }

    private void Start(TimeSpan maxGather)
    {
        Guid nodeId = Guid.NewGuid();
        Membership alone = Membership.Initial([("n1", nodeId)]);
        RaftNodeOptions options = new()
        {
            ClusterId = Guid.NewGuid(), Node = "n1", NodeId = nodeId, LogSegmentBytes = 256 << 10, Time = _time, NextSeed = static () => 1, MaxGather = maxGather,
        };
        _disk = new SlowDisk(new SimulatedDisk(seed: 1), _time, write: TimeSpan.Zero, Sync);
        RaftNode node = RaftNode.Start(options, _disk, new NoTransport(), _ => new ListMachine(), NullLogger.Instance, _scheduler);
        foreach (string group in (string[])["g1", "g2"])
        {
            Task created = node.CreateGroupAsync(new GroupId(group, 1), alone.Voters[0].Id, alone, new ListMachine());
            for (int i = 0; i < 10_000 && !Leads(node, group); i++)
            {
                _time.Advance(TimeSpan.FromMilliseconds(10));
                Settle();
            }

            Assert.True(created.IsCompletedSuccessfully && Leads(node, group));
        }

        _node = node;
    }

    private bool Leads(RaftNode node, string group)
    {
        if (!node.HasGroup(group)) return false;
        Task<ReplicaState?> state = node.GetStateAsync(group);
        Settle();
        return state.Result is { Role: RaftRole.Leader } leader && leader.Applied == leader.Last;
    }

    private void WriteBoth()
    {
        Task<Outcome>[] outcomes = [_node.ProposeAsync("g1", 1, new byte[] { 1 }), _node.ProposeAsync("g2", 1, new byte[] { 1 })];
        Settle();
        _time.Advance(Sync);
        Settle();
        Assert.All(outcomes, static outcome => Assert.Equal(OutcomeStatus.Ok, outcome.Result.Status));

        // One batch of both, which is what the next one is measured by.
        outcomes = [_node.ProposeAsync("g1", 1, new byte[] { 1 }), _node.ProposeAsync("g2", 1, new byte[] { 1 })];
        Settle();
        Assert.All(outcomes, static outcome => Assert.True(outcome.IsCompleted));
    }

    private Task<Outcome> Propose(string group)
    {
        Task<Outcome> outcome = _node.ProposeAsync(group, 1, new byte[] { 1 });
        Settle();
        return outcome;
    }

    private void Settle()
    {
        bool any = true;
        while (any) any = _scheduler.RunLoop() | _scheduler.Log.RunBatch() | _scheduler.Log.RunAside() | _scheduler.RunAside();
    }

    private sealed class NoTransport : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => throw new IOException("alone");

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => throw new IOException("alone");
    }
}
