using System.Diagnostics;
using Orleans.TestingHost;
using Quorleans.GrainInterfaces;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Placement;

public sealed class HomePlacementTests(ITestOutputHelper output)
{
    private static readonly string[] Nodes = ["n1", "n2", "n3"];

    [Fact]
    public async Task EachGrainIsActivatedOnceAndAtHome_WhenCalledFromEverywhereAtOnce()
    {
        await using HomeCluster cluster = await HomeCluster.StartAsync(Nodes);
        string group = NewGroup();
        var calls = new List<Task<Whereabouts>>();
        for (int i = 0; i < 50; i++)
        {
            foreach (string node in Nodes)
            {
                string key = $"{group}/{node}";
                calls.Add(cluster.Probe(key).WhereAreYou());
                foreach (string caller in Nodes) calls.Add(cluster.ProbeFrom(caller, key).WhereAreYou());
            }
        }

        Whereabouts[] answers = await Task.WhenAll(calls);
        Assert.Equal(Nodes, answers.Select(answer => answer.Silo).Distinct().Order());
        Assert.Equal(3, answers.Select(answer => answer.Activation).Distinct().Count());
        Assert.Equal(3, HomeProbeGrain.Activations.Count(activation => activation.Key.StartsWith(group, StringComparison.Ordinal)));
        Assert.Equal("n2", (await cluster.Probe("n2").WhereAreYou()).Silo);
    }

    [Fact]
    public async Task AGrainStaysWhereItIs_WhenItIsAskedToMigrate()
    {
        await using HomeCluster cluster = await HomeCluster.StartAsync(Nodes);
        IHomeProbeGrain probe = cluster.Probe($"{NewGroup()}/n1");
        Whereabouts before = await probe.WhereAreYou();
        for (int i = 0; i < 3; i++)
        {
            await probe.PleaseMove(cluster.Silo("n2").SiloAddress);
            foreach (string caller in Nodes)
                Assert.Equal(before.Address, (await cluster.ProbeFrom(caller, probe.GetPrimaryKeyString()).WhereAreYou()).Address);
        }
    }

    [Fact]
    public async Task CallsFollowTheNode_WhenItComesBackUnderTheSameName()
    {
        await using HomeCluster cluster = await HomeCluster.StartAsync(Nodes);
        string key = $"{NewGroup()}/n3";
        SiloAddress old = (await cluster.Probe(key).WhereAreYou()).Address;
        await cluster.ProbeFrom("n1", key).WhereAreYou();
        await cluster.ProbeFrom("n2", key).WhereAreYou();

        await cluster.StopSiloAsync(cluster.Silo("n3"));
        InProcessSiloHandle restarted = await cluster.StartSiloAsync("n3");
        foreach (string caller in Nodes)
        {
            TimeSpan took = await Eventually.Holds($"{caller} finds the new n3", async () =>
                (await cluster.ProbeFrom(caller, key).WhereAreYou()).Address.Equals(restarted.SiloAddress));
            output.WriteLine($"{caller}: {took.TotalMilliseconds} ms");
        }

        Assert.NotEqual(old, restarted.SiloAddress);
        Assert.Equal(restarted.SiloAddress, (await cluster.Probe(key).WhereAreYou()).Address);
        Assert.Equal(2, HomeProbeGrain.Activations.Count(activation => activation.Key == key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CallsFailFastAndTyped_WhileTheHomeIsDown(bool killed)
    {
        await using HomeCluster cluster = await HomeCluster.StartAsync(Nodes);
        string key = $"{NewGroup()}/n3";
        await cluster.ProbeFrom("n1", key).WhereAreYou();
        await cluster.ProbeFrom("n2", key).WhereAreYou();
        await cluster.StopSiloAsync(cluster.Silo("n3"), killed);

        foreach (string caller in new[] { "n1", "n2" })
        {
            TimeSpan noticed = await Eventually.Holds($"{caller} has noticed", async () =>
            {
                try
                {
                    await cluster.ProbeFrom(caller, key).WhereAreYou();
                    return false;
                }
                catch (HomeUnavailableException e)
                {
                    Assert.Equal("n3", e.Node);
                    return true;
                }
            });
            var times = new List<double>();
            for (int i = 0; i < 21; i++)
            {
                long start = Stopwatch.GetTimestamp();
                await Assert.ThrowsAsync<HomeUnavailableException>(() => cluster.ProbeFrom(caller, key).WhereAreYou());
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            times.Sort();
            output.WriteLine($"{caller}: noticed after {noticed.TotalMilliseconds:F0} ms, then fails in {times[10]:F2} ms (median), {times[^1]:F2} ms (worst)");
            // Orleans' own retries of a failed placement would cost 330 ms and more.
            Assert.True(times[10] < 100, $"A call to a node that is down took {times[10]} ms.");
        }

        HomeUnavailableException fromClient = await Assert.ThrowsAsync<HomeUnavailableException>(() => cluster.Probe(key).WhereAreYou());
        Assert.Contains("'n3' is not up", fromClient.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANodeThatNeverWasIsRefused_ByName()
    {
        await using HomeCluster cluster = await HomeCluster.StartAsync("n1");
        HomeUnavailableException error = await Assert.ThrowsAsync<HomeUnavailableException>(() => cluster.Probe("g1/n9").WhereAreYou());
        Assert.Equal("n9", error.Node);
    }

    [Fact]
    public async Task TheNewestSiloIsHome_WhenTwoClaimTheName()
    {
        await using HomeCluster cluster = await HomeCluster.StartAsync(Nodes);
        string known = $"{NewGroup()}/n2";
        InProcessSiloHandle older = cluster.Silo("n2");
        await cluster.ProbeFrom("n1", known).WhereAreYou();
        InProcessSiloHandle newer = await cluster.StartSiloAsync("n2");

        // A grain that nobody called yet goes to the newer silo, also when the older one is the caller.
        string fresh = $"{NewGroup()}/n2";
        foreach (string caller in new[] { "n1", "n3" })
        {
            await Eventually.Holds($"{caller} sees the newer n2", async () =>
                (await cluster.ProbeFrom(caller, fresh).WhereAreYou()).Address.Equals(newer.SiloAddress));
        }

        await cluster.StopSiloAsync(newer);
        await Eventually.Holds("n1 falls back to the older n2", async () =>
            (await cluster.ProbeFrom("n1", fresh).WhereAreYou()).Address.Equals(older.SiloAddress));
        Assert.Equal(older.SiloAddress, (await cluster.ProbeFrom("n1", known).WhereAreYou()).Address);
    }

    private static string NewGroup() => $"t{Guid.NewGuid():N}";
}
