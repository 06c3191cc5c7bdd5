using System.Globalization;
using System.Text;
using Quorleans.Hosting;
using Quorleans.KeyValue.Members;

namespace Quorleans.Clustering.Tests;

/// <summary>Which nodes a client opens connections of their own to.</summary>
public sealed class NodeGatewaysTests
{
    [Fact]
    public void ANodeThatWasAddedLater_GetsAConnection_AndOneThatWasRemovedNone()
    {
        ClusterConfiguration file = Parse(3);
        using PeerClient peers = new(file, TimeProvider.System);
        Assert.Equal(["n1", "n2", "n3"], Missing(peers, []));
        Assert.Empty(Missing(peers, ["n1", "n2", "n3"]));
        peers.Learn(new NodesAnswer(1, [new MemberNode("n4", "127.0.0.1", 41, 42, 43, 44)], ["n2"]));
        Assert.Equal(["n4"], Missing(peers, ["n1", "n2", "n3"]));
        Assert.Equal(["n1", "n3", "n4"], Missing(peers, []));
    }

    [Fact]
    public void ThereAreSixteenAtMost()
    {
        using PeerClient peers = new(Parse(20), TimeProvider.System);
        string[] first = Missing(peers, []);
        Assert.Equal(16, first.Length);
        Assert.Empty(Missing(peers, first));
        Assert.Single(Missing(peers, first[1..]));
    }

    private static string[] Missing(PeerClient peers, string[] open) =>
        [.. NodeGateways.Missing(peers.Configuration, open.ToHashSet(StringComparer.Ordinal)).Select(static node => node.Name)];

    private static ClusterConfiguration Parse(int nodes)
    {
        IEnumerable<string> all = Enumerable.Range(1, nodes).Select(static i => string.Create(
            CultureInfo.InvariantCulture, $$"""{ "name": "n{{i}}", "silo": {{i}}1, "gateway": {{i}}2, "http": {{i}}3, "peer": {{i}}4 }"""));
        return ClusterConfigurationFile.Parse(Encoding.UTF8.GetBytes($$"""{ "cluster": "c", "nodes": [ {{string.Join(", ", all)}} ] }"""), "/etc/q/cluster.json");
    }
}
