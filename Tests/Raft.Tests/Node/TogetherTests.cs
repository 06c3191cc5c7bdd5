using Quorleans.Raft.Node;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

/// <summary>Several groups on the same nodes: what they have for one node travels together, and none depends on another.</summary>
public sealed class TogetherTests
{
    private const int Groups = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);
    private static readonly string[] Names = ["g1", "g2", "g3"];

    [Fact]
    public void GroupsThatWriteInOneTurn_TravelTogether_AndAreAnsweredTogether()
    {
        VirtualTrio trio = StartLedBy("n1");
        Task<Outcome>[] outcomes = ProposeToAll(trio);
        Assert.All(outcomes, static outcome => Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcome)));
        Assert.Equal(["n2: g1 g2 g3", "n3: g1 g2 g3"], trio.Carried.Take(2));
        Assert.DoesNotContain(trio.Carried, static message => message.IndexOf('g', StringComparison.Ordinal) == message.LastIndexOf('g'));
    }

    [Fact]
    public void AGroupThatWritesAlone_TravelsAlone()
    {
        VirtualTrio trio = StartLedBy("n1");
        trio.Propose("n1", 1);
        Assert.All(trio.Carried, static message => Assert.EndsWith(": g1", message));
        Assert.NotEmpty(trio.Carried);
    }

    [Fact]
    public void AHeartbeatIsAnswered_WhileTheReceiversDiskHangs()
    {
        VirtualTrio trio = StartLedBy("n1");
        trio.Hung.Add("n2");
        trio.Hung.Add("n3");
        Task<Outcome>[] outcomes = ProposeToAll(trio);
        // Two election timeouts: without answers no leader would still lead. The followers' own watchdogs concern leaders only.
        trio.Tick(2 * trio.Raft.ElectionTicks);
        Assert.All(Names, group => Assert.Equal(RaftRole.Leader, trio.State("n1", group).Role));
        Assert.All(outcomes, static outcome => Assert.False(outcome.IsCompleted));
        trio.Hung.Clear();
        trio.Tick(2 * trio.Raft.RetransmitTicks);
        Assert.All(outcomes, static outcome => Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcome)));
    }

    [Fact]
    public void WhatTravelledTogether_IsSentAgain_WhenTheMessageWasLost()
    {
        VirtualTrio trio = StartLedBy("n1");
        int lost = 0;
        trio.Loses = (_, count) => count > 1 && ++lost <= 2; // the first message to each
        Task<Outcome>[] outcomes = ProposeToAll(trio);
        Assert.Equal(2, lost);
        Assert.All(outcomes, static outcome => Assert.False(outcome.IsCompleted));
        trio.Tick(2 * trio.Raft.HeartbeatTicks + 1);
        Assert.All(outcomes, static outcome => Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcome)));
    }

    [Fact]
    public async Task AFrameThatIsRefused_IsAnsweredEmpty_AndTheOthersAreTakenIn()
    {
        VirtualTrio trio = StartLedBy("n1");
        Term term = trio.State("n1").Term;
        byte[][] frames =
        [
            Heartbeat(trio, new GroupId("g9", 1), 2, term), Heartbeat(trio, new GroupId("g1", 1), 2, term), [1, 2, 3], Heartbeat(trio, new GroupId("g2", 7), 2, term),
            Heartbeat(trio, new GroupId("g3", 1), 3, term), Heartbeat(trio, new GroupId("g2", 1), 2, trio.State("n1", "g2").Term), [],
        ];
        Task<byte[][]> handling = trio["n2"].HandleTogetherAsync(frames);
        trio.Settle();
        byte[][] answers = await handling;
        Assert.Equal([false, true, false, false, false, true, false], answers.Select(static answer => answer.Length > 0));
        Assert.Equal(MessageError.None, MessageCodec.TryDecode(trio.Cluster, new GroupId("g1", 1), answers[1], out RaftMessage? first));
        Assert.True(first!.Accepted);
        Assert.Equal(MessageError.None, MessageCodec.TryDecode(trio.Cluster, new GroupId("g2", 1), answers[5], out RaftMessage? second));
        Assert.True(second!.Accepted);
    }

    [Fact]
    public async Task NothingButRefusals_EndsAtOnce()
    {
        VirtualTrio trio = StartLedBy("n1");
        Task<byte[][]> handling = trio["n2"].HandleTogetherAsync([[], [1]]);
        Assert.True(handling.IsCompletedSuccessfully);
        Assert.All(await handling, Assert.Empty);
    }

    [Fact]
    public async Task MoreThanMayTravelTogether_IsRefused()
    {
        VirtualTrio trio = StartLedBy("n1");
        RaftRefusedException refused = await Assert.ThrowsAsync<RaftRefusedException>(() => trio["n2"].HandleTogetherAsync(new byte[RaftNode.MaximumFramesTogether + 1][]));
        Assert.Contains("257", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LargeRequests_TravelInSeveralMessages()
    {
        VirtualTrio trio = StartLedBy("n1");
        Task<Outcome>[] outcomes = ProposeToAll(trio, new byte[900_000]);
        Assert.All(outcomes, static outcome => Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcome)));
        Assert.Equal(["n2: g1 g2", "n2: g3", "n3: g1 g2", "n3: g3"], trio.Carried.Take(4));
    }

    [Fact]
    public async Task CommandsThatCameTogether_GoThroughTheLogTogether()
    {
        VirtualTrio trio = StartLedBy("n1");
        long before = trio["n1"].Statistics.Batches;
        Task<Task<Outcome>[]> proposing = trio["n1"].ProposeTogetherAsync([.. Names.Select(static group => new GroupBatch(group, 0, new byte[] { 1 }))], Patience);
        trio.Settle();
        Assert.All(await proposing, static outcome => Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcome)));
        Assert.Equal(before + 1, trio["n1"].Statistics.Batches);
        Assert.Equal(["n2: g1 g2 g3", "n3: g1 g2 g3"], trio.Carried.Take(2));
    }

    [Fact]
    public async Task AGroupThatCannotCommit_HoldsUpTheOthersNoLongerThanThePatienceLasts()
    {
        VirtualTrio trio = StartLedBy("n1");
        trio.LosesFrameOf = "g2";
        Task<Task<Outcome>[]> proposing = trio["n1"].ProposeTogetherAsync([.. Names.Select(static group => new GroupBatch(group, 0, new byte[] { 1 }))], Patience);
        trio.Settle();
        Assert.False(proposing.IsCompleted);
        trio.Tick((int)(Patience.TotalMilliseconds / trio.Raft.TickMilliseconds));
        Task<Outcome>[] outcomes = await proposing;
        Assert.Equal([OutcomeStatus.Ok, null, OutcomeStatus.Ok], outcomes.Select(VirtualTrio.StatusOf));
        trio.LosesFrameOf = null;
        trio.Tick(2 * trio.Raft.RetransmitTicks);
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcomes[1]));
    }

    [Fact]
    public async Task OfCommandsThatCameTogether_EachIsRefusedByItself()
    {
        VirtualTrio trio = StartLedBy("n1");
        Task<Task<Outcome>[]> proposing = trio["n1"].ProposeTogetherAsync(
            [new GroupBatch("g9", 0, new byte[] { 1 }), new GroupBatch("g1", 0, new byte[] { 1 }), new GroupBatch("g2", 7, new byte[] { 1 }), new GroupBatch("g3", 0, new byte[1_000_001])], Patience);
        trio.Settle();
        Assert.Equal(
            [OutcomeStatus.Unavailable, OutcomeStatus.Ok, OutcomeStatus.Unavailable, OutcomeStatus.Invalid], (await proposing).Select(VirtualTrio.StatusOf));
    }

    [Fact]
    public async Task CommandsThatCameTogether_AreAnswered_WhenTheNodeStops()
    {
        VirtualTrio trio = StartLedBy("n1");
        trio.Hung.UnionWith(VirtualTrio.Names);
        Task<Task<Outcome>[]> proposing = trio["n1"].ProposeTogetherAsync([.. Names.Select(static group => new GroupBatch(group, 0, new byte[] { 1 }))], Patience);
        trio.Settle();
        trio.Crash("n1");
        Assert.All(await proposing, static outcome => Assert.Equal(OutcomeStatus.Unknown, VirtualTrio.StatusOf(outcome)));
    }

    private static VirtualTrio StartLedBy(string node)
    {
        VirtualTrio trio = new(groups: Groups);
        for (int i = 0; i < 1000 && !Names.All(group => trio.State(node, group).Role == RaftRole.Leader); i++)
        {
            foreach (string other in VirtualTrio.Names)
                foreach (string group in Names)
                    if (trio.State(other, group).Role == RaftRole.Leader) _ = trio[other].TransferLeadershipAsync(group, node);
            trio.Tick();
        }

        Assert.All(Names, group => Assert.Equal(RaftRole.Leader, trio.State(node, group).Role));
        trio.Tick(trio.Raft.HeartbeatTicks); // everybody has heard of it
        trio.Carried.Clear();
        return trio;
    }

    private static Task<Outcome>[] ProposeToAll(VirtualTrio trio, byte[]? payload = null)
    {
        Task<Outcome>[] outcomes = Array.ConvertAll(Names, group => trio["n1"].ProposeAsync(group, 1, payload ?? [1]));
        trio.Settle();
        return outcomes;
    }

    private static byte[] Heartbeat(VirtualTrio trio, GroupId group, int to, Term term) => MessageCodec.Encode(
        trio.Cluster, group, new RaftMessage { Kind = MessageKind.AppendEntries, From = new MemberId(1), To = new MemberId(to), Term = term });
}
