using System.Net;
using Quorleans.Clustering.Tests.World;
using Quorleans.Hosting;
using Quorleans.KeyValue.Members;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Tests.Shared;

namespace Quorleans.Clustering.Tests;

/// <summary>The table while its nodes die, come back, and lose their disks.</summary>
public sealed class TableClusterTests
{
    [Theory]
    [InlineData("n1")]
    [InlineData("n2")]
    [InlineData("n3")]
    public async Task TheTableGoesOn_WithAnyNodeDown(string dead)
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        RaftMembershipTable table = cluster.Table();
        await Silos.JoinAsync(table, Silos.Entry(1));
        await cluster.KillAsync(dead);
        await Silos.JoinAsync(table, Silos.Entry(2));
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(3));
        await cluster.StartAsync(dead);
        Assert.Equal(3, (await table.ReadAll()).Members.Count);
        await Eventually.Holds($"{dead} has it all", async () => await cluster[dead].StateAsync() is { } state && state.Applied >= new LogIndex(3));
    }

    [Theory]
    [InlineData("n1", "n2", "n3")]
    [InlineData("n3", "n2", "n1")]
    [InlineData("n2", "n3", "n1")]
    public async Task TheTableIsBack_WhenAllWereKilledAndStartedInAnyOrder(params string[] order)
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(1, SiloStatus.Active));
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(2, SiloStatus.Active));
        MembershipTableData before = await cluster.Table().ReadAll();
        await cluster.KillAsync("n1", "n2", "n3");
        await cluster.StartAsync(order[0], order[1]);
        MembershipTableData after = await cluster.Table().ReadAll();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Members.Select(static row => (row.Item1.SiloAddress, row.Item2)), after.Members.Select(static row => (row.Item1.SiloAddress, row.Item2)));
        await cluster.StartAsync(order[2]);
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(3));
    }

    [Fact]
    public async Task NothingIsAnswered_WithoutAMajority_AndTheErrorSaysWhoIsMissing()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(1));
        await cluster.KillAsync("n1", "n3");
        MembersClient client = cluster.Client();
        client.Patience = TimeSpan.FromMilliseconds(300);
        ClusterException e = await Assert.ThrowsAsync<ClusterException>(() => client.ReadAllAsync());
        Assert.Equal(ClusterError.MembersUnavailable, e.Error);
        Assert.Contains("n1 at 127.0.0.1:", e.Message, StringComparison.Ordinal);
        Assert.Contains("A majority of n1, n2, n3 must be up", e.Message, StringComparison.Ordinal);
        await cluster.StartAsync("n3");
        Assert.Single((await cluster.Table().ReadAll()).Members);
    }

    [Fact]
    public async Task ANewCluster_IsNotCreated_WhileAFounderDoesNotAnswer()
    {
        await using TableCluster cluster = new(nodes: 4);
        TableNode first = await cluster.BeginAsync("n1"), spare = await cluster.BeginAsync("n4"), second = await cluster.BeginAsync("n2");
        await Eventually.Holds("n1 waits for n3", () => first.Waiting?.Contains("n3 at 127.0.0.1:", StringComparison.Ordinal) == true);
        Assert.False(first.Opened.IsCompleted || second.Opened.IsCompleted || spare.Opened.IsCompleted);
        Assert.False(File.Exists(Path.Combine(cluster.Configuration.Find("n1").Data, "cluster.json")));
        await cluster.StartAsync("n3");
        await Task.WhenAll(first.Opened, second.Opened, spare.Opened).WaitAsync(Eventually.Patience);
        Assert.Equal("n1, n2, n3", string.Join(", ", (await cluster[await cluster.LeaderAsync()].StateAsync())!.Membership.Voters.Select(static voter => voter.Node)));
        Assert.Null(await spare.StateAsync());
    }

    [Fact]
    public async Task AWipedDisk_NeverVotesAgain_ButLearnsOfItsCluster()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(1));
        await cluster.KillAsync("n1", "n2", "n3");
        cluster.Wipe("n1");

        // Alone, and with nobody who knows, it must not make a new cluster: it waits.
        TableNode wiped = await cluster.BeginAsync("n1");
        await Eventually.Holds("n1 waits", () => wiped.Waiting is not null);
        await cluster.StartAsync("n2");
        await wiped.Opened.WaitAsync(Eventually.Patience);
        Assert.Null(await wiped.StateAsync());

        // n2 and the wiped n1 are no majority, though they are two of three.
        MembersClient client = cluster.Client();
        client.Patience = TimeSpan.FromSeconds(2);
        Assert.Equal(ClusterError.MembersUnavailable, (await Assert.ThrowsAsync<ClusterException>(() => client.ReadAllAsync())).Error);
        await cluster.StartAsync("n3");
        Assert.Single((await cluster.Table().ReadAll()).Members);
    }

    [Fact]
    public async Task AWipedDisk_ComesBackAsANewMember()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(1));
        await cluster.KillAsync("n1");
        cluster.Wipe("n1");
        await cluster.StartAsync("n1");
        // Answered by a leader that has committed in its term: before that it changes no members.
        Assert.Single((await cluster.Table().ReadAll()).Members);
        string leader = await cluster.LeaderAsync();
        RaftNode raft = cluster[leader].Service.Raft!;
        ReplicaState state = (await cluster[leader].StateAsync())!;
        MemberId old = state.Membership.Voters.Single(static voter => voter.Node == "n1").Id;
        MembershipOutcome added = await raft.ChangeMembershipAsync("members", new MembershipChange
        {
            Expected = state.Membership.Index, Add = [new NewMember("n1", cluster["n1"].Service.NodeId)], Promote = [], Remove = [],
        });
        Assert.True(added.IsDone, added.Error);
        await Eventually.Holds("the new member has caught up and got the vote of the old one", async () =>
        {
            ReplicaState now = (await cluster[leader].StateAsync())!;
            if (now.Membership.Voters.All(voter => voter.Id != old) && !now.Membership.IsJoint) return true;
            if (now.Membership.Learners.FirstOrDefault(static learner => learner.Node == "n1") is { Node: not null } learner)
            {
                await raft.ChangeMembershipAsync("members", new MembershipChange { Expected = now.Membership.Index, Add = [], Promote = [learner.Id], Remove = [old] });
            }

            return false;
        });

        // And it counts: with another one down there is still a majority.
        await cluster.KillAsync("n2");
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(2));
        Assert.Equal(2, (await cluster.Table().ReadAll()).Members.Count);
    }

    [Fact]
    public async Task ALostAnswer_DoesNotMakeAnInsertFail()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        MembersClient client = cluster.Client();
        InsertRow insert = new()
        {
            Request = Guid.NewGuid(), TableEtag = 0, TableVersion = 1, Silo = "s1", Node = "n1", Status = 2, AliveAgeMs = 0, SignAgeMs = 0, Entry = new byte[] { 1 },
        };
        Assert.Equal(MembersStatus.Done, await client.ExecuteAsync(insert));
        await cluster.KillAsync(await cluster.LeaderAsync());
        Assert.Equal(MembersStatus.Done, await client.ExecuteAsync(insert));
        Assert.Equal(MembersStatus.Conflict, await client.ExecuteAsync(insert with { Request = Guid.NewGuid() }));
        Assert.Equal(1, (await client.ReadAllAsync()).Table.Version);
    }

    [Fact]
    public async Task RetireNode_DeclaresAllOfANodesSilosDead_AndNobodyElses()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        RaftMembershipTable table = cluster.Table();
        await Silos.JoinAsync(table, Silos.Entry(1, SiloStatus.Active, generation: 1));
        await Silos.JoinAsync(table, Silos.Entry(1, SiloStatus.Joining, generation: 2));
        await Silos.JoinAsync(table, Silos.Entry(2, SiloStatus.Active));
        MembershipTableData before = await table.ReadAll();
        MembersClient client = cluster.Client();
        await client.ExecuteAsync(new RetireNode("n1"));
        MembershipTableData after = await table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.Equal(["n1 Dead", "n1 Dead", "n2 Active"], after.Members.Select(static row => $"{row.Item1.SiloName} {row.Item1.Status}").Order());
        await client.ExecuteAsync(new RetireNode("n1"));
        Assert.Equal(after.Version, (await table.ReadAll()).Version);

        // A silo that was retired and lives sees at its next update that it is dead.
        Assert.False(await table.UpdateRow(Silos.Entry(1, SiloStatus.Active), before.Members.First(static row => row.Item1.SiloName == "n1").Item2, before.Version.Next()));
    }

    [Fact]
    public async Task Gateways_AreThoseOfActiveSilos_AndTheConfiguredOnesWithoutAMajority()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        MembersClient client = cluster.Client();
        RaftGatewayList gateways = new(client, cluster.Peers(), TimeProvider.System);
        await gateways.InitializeGatewayListProvider();
        string[] configured = [.. cluster.Configuration.Nodes.Select(static node => $"gwy.tcp://127.0.0.1:{node.Gateway}/0")];
        Assert.Equal(configured, (await gateways.GetGateways()).Select(static uri => uri.ToString()));
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(1, SiloStatus.Active));
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(2));
        Assert.Equal("gwy.tcp://127.0.0.1:2001/1", Assert.Single(await gateways.GetGateways()).ToString());
        await cluster.KillAsync("n1", "n2");
        client.Patience = TimeSpan.FromMilliseconds(300);
        Assert.Equal(configured, (await gateways.GetGateways()).Select(static uri => uri.ToString()));
    }

    [Fact]
    public async Task Peers_RefuseOtherClusters_OtherProtocols_AndWhatIsTooLarge()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        ConfiguredNode leader = cluster.Configuration.Find(await cluster.LeaderAsync());
        Assert.Equal("OtherCluster", await CodeAsync(cluster.Peers(cluster.Configuration with { Cluster = "other" }), leader, PeerProtocol.TablePath, MembersCodec.ReadAll()));
        PeerClient stranger = cluster.Peers();
        stranger.ClusterId = Guid.NewGuid();
        Assert.Equal("OtherCluster", await CodeAsync(stranger, leader, PeerProtocol.RaftPath, [1, 2, 3]));
        PeerClient peers = cluster.Peers();
        Assert.Equal("TooLarge", await CodeAsync(peers, leader, PeerProtocol.TablePath, new byte[MembersLimits.MaxRequestBytes + 1]));
        Assert.Equal("Invalid", await CodeAsync(peers, leader, PeerProtocol.TablePath, [0xff]));
        Assert.Equal("Refused", await CodeAsync(peers, leader, PeerProtocol.RaftPath, [1, 2, 3]));
        Assert.Equal("Invalid", await CodeAsync(peers, leader, $"{PeerProtocol.FoundingPath}?id=x&by=n1", []));
        Assert.Equal("Refused", await CodeAsync(peers, leader, $"{PeerProtocol.FoundingPath}?id={Guid.NewGuid()}&by=n2", []));
        Assert.Equal("NoPeer", await CodeAsync(peers, leader, "/elsewhere", []));
        using HttpClient bare = new();
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(leader.PeerUri, PeerProtocol.FoundingPath)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using HttpResponseMessage answer = await bare.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("OtherProtocol", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // A peer of the previous program, or of the next one that still speaks ours, is heard; one that does not is told what is spoken here.
        using (PeerClient next = new(cluster.Configuration, TimeProvider.System, new ProtocolRange(1, 2)))
            Assert.NotEmpty((await next.SendAsync(leader, HttpMethod.Get, PeerProtocol.FoundingPath, null, Eventually.Patience, CancellationToken.None)).Bytes);
        using (PeerClient later = new(cluster.Configuration, TimeProvider.System, new ProtocolRange(2, 3)))
        {
            PeerException refusal = await Assert.ThrowsAsync<PeerException>(() => later.SendAsync(leader, HttpMethod.Get, PeerProtocol.FoundingPath, null, Eventually.Patience, CancellationToken.None));
            Assert.Equal("OtherProtocol", refusal.Code);
            Assert.Contains("protocol 2-3; this node speaks 1", refusal.Message, StringComparison.Ordinal);
        }

        // Whoever asks all of them in vain for another cluster is told so, not that they are down.
        MembersClient client = cluster.Client(cluster.Configuration with { Cluster = "other" });
        client.Patience = TimeSpan.FromMilliseconds(200);
        Assert.Equal(ClusterError.OtherCluster, (await Assert.ThrowsAsync<ClusterException>(() => client.ReadAllAsync())).Error);
    }

    [Fact]
    public async Task ANodeOfAnotherCluster_IsRefusedByItsDirectory()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        await using TableCluster other = await TableCluster.StartAsync();
        await other.KillAsync("n3");
        string foreign = Path.Combine(other.Configuration.Find("n3").Data);
        await cluster.KillAsync("n3");
        cluster.Wipe("n3");
        Directory.Move(foreign, cluster.Configuration.Find("n3").Data);

        // It has a description of its own, so it runs; but nobody of this cluster listens to it.
        await cluster.StartAsync("n3");
        ConfiguredNode member = cluster.Configuration.Find("n1");
        PeerClient peers = cluster.Peers();
        peers.ClusterId = cluster["n3"].Service.Raft!.Options.ClusterId;
        Assert.Equal("OtherCluster", await CodeAsync(peers, member, PeerProtocol.TablePath, MembersCodec.ReadAll()));
        await Silos.JoinAsync(cluster.Table(), Silos.Entry(1));
        Assert.Single((await cluster.Table().ReadAll()).Members);
    }

    [Fact]
    public async Task ANodeNeverLooksAsIfItHadLostItsDescription_WhileTheClusterIsCreated()
    {
        for (int round = 0; round < 5; round++)
        {
            await using TableCluster cluster = new();
            TableNode[] nodes = [await cluster.BeginAsync("n1"), await cluster.BeginAsync("n2"), await cluster.BeginAsync("n3")];
            Task all = Task.WhenAll(nodes.Select(static node => node.Opened));
            while (!all.IsCompleted)
            {
                foreach (TableNode node in nodes)
                {
                    FoundingReport report = node.Report();
                    Assert.True(report.Data is null || report.Description is not null, $"{report}");
                }

                await Task.Yield();
            }

            await all;
        }
    }

    [Fact]
    public async Task LostDescriptions_AreNotInventedAgain_WhereDisksHoldData()
    {
        await using TableCluster cluster = await TableCluster.StartAsync();
        await cluster.KillAsync("n1", "n2", "n3");
        foreach (ConfiguredNode node in cluster.Configuration.Nodes) File.Delete(Path.Combine(node.Data, "cluster.json"));
        foreach (ConfiguredNode node in cluster.Configuration.Nodes) await cluster.BeginAsync(node.Name);
        ClusterException e = await Assert.ThrowsAsync<ClusterException>(() => cluster["n1"].Opened.WaitAsync(Eventually.Patience));
        Assert.Contains("cluster.json", e.Message, StringComparison.Ordinal);
    }

    private static async Task<string> CodeAsync(PeerClient peers, ConfiguredNode node, string path, byte[] body) =>
        (await Assert.ThrowsAsync<PeerException>(() => peers.SendAsync(node, HttpMethod.Post, path, body, Eventually.Patience, CancellationToken.None))).Code;
}
