using Quorleans.Raft.Node;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

public sealed class RaftNodeTests
{
    [Fact]
    public async Task Commits_AppliesEverywhereInOrder()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        for (int i = 0; i < 100; i++) await trio.CommitAsync(BitConverter.GetBytes(i));
        foreach (string name in NodeTrio.Names)
        {
            await NodeTrio.UntilAsync(() => trio.Machine(name).Count == 100);
            Assert.Equal(Enumerable.Range(0, 100), trio.Machine(name).Items.Select(item => BitConverter.ToInt32(item)));
        }
    }

    [Fact]
    public async Task Restart_KeepsEveryAcknowledgedCommand()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        for (int i = 0; i < 50; i++) await trio.CommitAsync(BitConverter.GetBytes(i));
        foreach (string name in NodeTrio.Names) await trio.KillAsync(name);
        await trio.StartAllAsync();
        await trio.CommitAsync(BitConverter.GetBytes(50));
        foreach (string name in NodeTrio.Names)
        {
            await NodeTrio.UntilAsync(() => trio.Machine(name).Count >= 51);
            Assert.Equal(Enumerable.Range(0, 51), trio.Machine(name).Items.Select(item => BitConverter.ToInt32(item)));
        }
    }

    [Fact]
    public async Task LeaderKilled_AnotherLeads_AndOldOneCatchesUp()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        await trio.CommitAsync([1]);
        string old = await trio.LeaderAsync();
        await trio.KillAsync(old);
        await trio.CommitAsync([2]);
        Assert.NotEqual(old, await trio.LeaderAsync());
        await trio.StartAsync(old);
        await NodeTrio.UntilAsync(() => trio.Machine(old).Count == 2);
    }

    [Fact]
    public async Task FarBehind_IsCaughtUpBySnapshot()
    {
        await using NodeTrio trio = new(options => options with
        {
            SnapshotThresholdBytes = 20_000, RetainedBytes = 0, SnapshotChunkBytes = 10_000,
        });
        await trio.StartAllAsync();
        await trio.CommitAsync([0]);
        string behind = NodeTrio.Names.First(name => name != trio.LeaderAsync().GetAwaiter().GetResult());
        await trio.KillAsync(behind);
        byte[] payload = new byte[1000];
        for (int i = 0; i < 200; i++) await trio.CommitAsync(payload);
        await trio.StartAsync(behind);
        await NodeTrio.UntilAsync(() => trio.Machine(behind).Count == 201);
        ReplicaState? state = await trio[behind].GetStateAsync(NodeTrio.Group);
        Assert.True(state!.Snapshot > LogIndex.Zero);
        string leader = await trio.LeaderAsync();
        Assert.True((await trio[leader].GetStateAsync(NodeTrio.Group))!.LogBytes < 200_000);
    }

    [Fact]
    public async Task Query_OnFollower_SeesWhatWasAcknowledgedBefore()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        for (int i = 1; i <= 30; i++)
        {
            await trio.CommitAsync([1]);
            foreach (string name in NodeTrio.Names)
            {
                Outcome outcome = await trio[name].QueryAsync(NodeTrio.Group, 1, default, onFollower: true);
                if (outcome.Status == OutcomeStatus.Ok) Assert.True(BitConverter.ToInt32(outcome.Result.Span) >= i);
            }
        }

        Assert.Equal(OutcomeStatus.Ok, (await trio[await trio.LeaderAsync()].QueryAsync(NodeTrio.Group, 1, default)).Status);
    }

    [Fact]
    public async Task CutOffLeader_ConfirmsNoRead()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        await trio.CommitAsync([1]);
        string old = await trio.LeaderAsync();
        trio.Cut[old] = true;
        Task<Outcome> read = trio[old].QueryAsync(NodeTrio.Group, 1, default);
        await trio.CommitAsync([2]);
        Assert.NotEqual(OutcomeStatus.Ok, (await read.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task Transfer_MovesTheLeadership()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        await trio.CommitAsync([1]);
        string old = await trio.LeaderAsync();
        string next = NodeTrio.Names.First(name => name != old);
        Assert.Equal(TransferStatus.Started, await trio[old].TransferLeadershipAsync(NodeTrio.Group, next));
        ReplicaState? state = null;
        await NodeTrio.UntilAsync(() => (state = trio[next].GetStateAsync(NodeTrio.Group).GetAwaiter().GetResult())!.Role == RaftRole.Leader);
        Assert.Equal(next, state!.Leader);
    }

    [Fact]
    public async Task Message_OfAnotherCluster_IsRefused()
    {
        await using NodeTrio trio = new();
        await trio.StartAllAsync();
        byte[] frame = MessageCodec.Encode(Guid.NewGuid(), new GroupId(NodeTrio.Group, 1), new RaftMessage
        {
            Kind = MessageKind.TimeoutNow, From = new MemberId(1), To = new MemberId(2), Term = new Term(99),
        });
        RaftRefusedException refused = await Assert.ThrowsAsync<RaftRefusedException>(() => trio["n2"].HandleAsync(NodeTrio.Group, frame));
        Assert.Contains("OtherCluster", refused.Message, StringComparison.Ordinal);
    }
}
