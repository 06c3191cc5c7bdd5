using System.Text;
using Quorleans.Hosting;

namespace Quorleans.Clustering.Tests;

public sealed class ClusterConfigurationFileTests
{
    private const string N1 = """{ "name": "n1", "silo": 11, "gateway": 12, "http": 13, "peer": 14 }""";
    private const string N2 = """{ "name": "n2", "silo": 21, "gateway": 22, "http": 23, "peer": 24 }""";
    private const string N3 = """{ "name": "n3", "silo": 31, "gateway": 32, "http": 33, "peer": 34 }""";
    private const string N4 = """{ "name": "n4", "address": "10.0.0.4", "silo": 31, "gateway": 32, "http": 33, "peer": 34, "data": "/big/n4" }""";

    [Fact]
    public void Defaults_AreThreeMembersAndReplicas_AndFoldersBesideTheFile()
    {
        ClusterConfiguration read = Parse($$"""{ /* four */ "cluster": "c", "nodes": [ {{N1}}, {{N2}}, {{N3}}, {{N4}}, ], }""");
        Assert.Equal(["n1", "n2", "n3"], read.Members);
        Assert.Equal(["n1", "n2", "n3"], read.Replicas);
        Assert.Equal(["n1", "n2", "n3"], read.Founders.Select(static node => node.Name));
        Assert.Equal("/etc/q/data/n2", read.Find("n2").Data);
        Assert.Equal("/big/n4", read.Find("n4").Data);
        Assert.Equal("10.0.0.4:32", read.Find("n4").GatewayEndPoint.ToString());
        Assert.Equal("http://127.0.0.1:14/", read.Find("n1").PeerUri.ToString());
    }

    [Fact]
    public void OneOrTwoNodes_HaveOneMember()
    {
        Assert.Equal(["n1"], Parse($$"""{ "cluster": "c", "nodes": [ {{N1}} ] }""").Members);
        ClusterConfiguration two = Parse($$"""{ "cluster": "c", "nodes": [ {{N1}}, {{N2}} ] }""");
        Assert.Equal(["n1"], two.Members);
        Assert.Equal(["n1", "n2"], two.Replicas);
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("{\n\"cluster\": \"c\",\n\"nodes\": [\n}", "line 4")]
    [InlineData("{\n\"cluster\": \"c\",\n\"colour\": 1 }", "line 3: nothing is called \"colour\"")]
    [InlineData("{\n\"cluster\": \"c\",\n\"nodes\": [ { \"name\": \"n1\",\n \"silo\": \"x\" } ] }", "line 4: the value of $.nodes[0].silo is of the wrong kind")]
    [InlineData("{ \"cluster\": \"c\", \"cluster\": \"d\" }", "cluster")]
    [InlineData("null", "is null")]
    [InlineData("{ \"cluster\": \"c\" }", "names no nodes")]
    [InlineData("{ \"nodes\": [ N1 ] }", "\"cluster\" is missing")]
    [InlineData("{ \"cluster\": \"a b\", \"nodes\": [ N1 ] }", "calls the cluster 'a b'")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ N1, null ] }", "null as node number 2")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ N1, { \"silo\": 1 } ] }", "does not name node number 2")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ { \"name\": \"g1/n1\" } ] }", "calls a node 'g1/n1'")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ { \"name\": \"n1\", \"silo\": 1, \"gateway\": 2, \"http\": 3 } ] }", "gives node 'n1' no port \"peer\"")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ { \"name\": \"n1\", \"silo\": 65536, \"gateway\": 2, \"http\": 3, \"peer\": 4 } ] }", "the port 65536 as \"silo\"")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ { \"name\": \"n1\", \"address\": \"0.0.0.0\", \"silo\": 1, \"gateway\": 2, \"http\": 3, \"peer\": 4 } ] }", "the address '0.0.0.0'")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ { \"name\": \"n1\", \"address\": \"host\", \"silo\": 1, \"gateway\": 2, \"http\": 3, \"peer\": 4 } ] }", "the address 'host'")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ N1, N1 ] }", "names node 'n1' twice")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ N1, { \"name\": \"n2\", \"silo\": 21, \"gateway\": 13, \"http\": 23, \"peer\": 24 } ] }", "127.0.0.1:13 to both \"http\" of node 'n1' and \"gateway\" of node 'n2'")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ N1, { \"name\": \"n2\", \"silo\": 21, \"gateway\": 22, \"http\": 23, \"peer\": 24, \"data\": \"data/n1\" } ] }", "to both node 'n1' and node 'n2'")]
    [InlineData("{ \"cluster\": \"c\", \"members\": [\"n9\"], \"nodes\": [ N1 ] }", "has node 'n9' in \"members\", but no such node; the nodes are n1")]
    [InlineData("{ \"cluster\": \"c\", \"members\": [\"n1\", \"n2\"], \"nodes\": [ N1, N2 ] }", "2 nodes as \"members\"; it must be 1, 3 or 5")]
    [InlineData("{ \"cluster\": \"c\", \"members\": [], \"nodes\": [ N1 ] }", "has no node as \"members\"")]
    [InlineData("{ \"cluster\": \"c\", \"replicas\": [\"n1\", \"n1\"], \"nodes\": [ N1 ] }", "has node 'n1' twice in \"replicas\"")]
    public void WrongConfigurations_AreRefused_WithTheFileAndThePlace(string json, string expected)
    {
        ClusterException e = Assert.Throws<ClusterException>(() => Parse(json.Replace("N1", N1, StringComparison.Ordinal).Replace("N2", N2, StringComparison.Ordinal)));
        Assert.Equal(ClusterError.Configuration, e.Error);
        Assert.Contains("'/etc/q/cluster.json'", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    private static ClusterConfiguration Parse(string json) => ClusterConfigurationFile.Parse(Encoding.UTF8.GetBytes(json), "/etc/q/cluster.json");
}
