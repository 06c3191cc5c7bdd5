using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Raft.Node;
using Quorleans.Simulation;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

public sealed class FailingDiskTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task FailedSync_StopsTheNode_AndEverybodyWhoWaitsIsTold()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        SimulatedDisk disk = new(seed: 1);
        await using RaftNode node = Start(disk, out Membership alone);
        await node.CreateGroupAsync(new GroupId("g1", 1), alone.Voters[0].Id, alone, new ListMachine()).WaitAsync(Limit, cancel);
        await NodeTrio.UntilAsync(() => node.ProposeAsync("g1", 1, new byte[] { 1 }).GetAwaiter().GetResult().Status == OutcomeStatus.Ok);

        disk.FailSyncs = true;
        Outcome outcome = await node.ProposeAsync("g1", 1, new byte[] { 2 }).WaitAsync(Limit, cancel);
        Assert.Equal(OutcomeStatus.Unknown, outcome.Status);

        // The disk works again, but what a failed sync has left is not known: the node stays down.
        disk.FailSyncs = false;
        await NodeTrio.UntilAsync(() => node.ProposeAsync("g1", 1, new byte[] { 3 }).GetAwaiter().GetResult().Status == OutcomeStatus.Unavailable);
        ReplicaState? state = await node.GetStateAsync("g1").WaitAsync(Limit, cancel);
        Assert.NotNull(state!.Failure);
    }

    [Fact]
    public async Task CreateGroup_OnADiskThatFails_EndsWithAnError()
    {
        SimulatedDisk disk = new(seed: 2);
        await using RaftNode node = Start(disk, out Membership alone);
        disk.FailSyncs = true;
        await Assert.ThrowsAsync<RaftRefusedException>(() =>
            node.CreateGroupAsync(new GroupId("g1", 1), alone.Voters[0].Id, alone, new ListMachine()).WaitAsync(Limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task FullDisk_IsReportedAsSoonAsLargeWritesAreRefused()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        SimulatedDisk disk = new(seed: 3) { Capacity = (256 << 10) + 4096 }; // a segment, and who has run here
        await using RaftNode node = Start(disk, out Membership alone);
        await node.CreateGroupAsync(new GroupId("g1", 1), alone.Voters[0].Id, alone, new ListMachine()).WaitAsync(Limit, cancel);
        await NodeTrio.UntilAsync(() => node.GetStateAsync("g1").GetAwaiter().GetResult()!.DiskFull);

        await NodeTrio.UntilAsync(() => node.ProposeAsync("g1", 1, new byte[] { 1 }).GetAwaiter().GetResult().Status == OutcomeStatus.Ok);
        Assert.Equal(OutcomeStatus.DiskFull, (await node.ProposeAsync("g1", 1, new byte[300_000]).WaitAsync(Limit, cancel)).Status);
        Assert.Equal(OutcomeStatus.Ok, (await node.ProposeAsync("g1", 1, new byte[100]).WaitAsync(Limit, cancel)).Status);
        ReplicaState state = (await node.GetStateAsync("g1").WaitAsync(Limit, cancel))!;
        Assert.True(state.DiskFull);
        Assert.False(state.DiskExhausted);
    }

    private static RaftNode Start(SimulatedDisk disk, out Membership alone)
    {
        Guid nodeId = Guid.NewGuid();
        alone = Membership.Initial([("n1", nodeId)]);
        return RaftNode.Start(
            new RaftNodeOptions { ClusterId = Guid.NewGuid(), Node = "n1", NodeId = nodeId, LogSegmentBytes = 256 << 10 }, disk, new NoTransport(), _ => new ListMachine(), NullLogger.Instance);
    }

    private sealed class NoTransport : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => throw new IOException("alone");

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => throw new IOException("alone");
    }
}
