using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Quorleans.Hosting;

namespace Quorleans.Cluster.Tests.Embedded;

public sealed class AdminApiTests
{
    [Fact]
    public async Task NodesAreListedStoppedAndStarted_AlsoWhenNoneIsUp()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(static options => options with { Nodes = 2 });
        await using WebApplication app = await ServeAsync(cluster.Cluster);
        using var admin = new NodeAdminClient(new Uri(app.Urls.Single()));
        Assert.Equal(["n1 Running", "n2 Running"], (await admin.ListAsync()).Select(static node => $"{node.Node} {node.State}"));

        Assert.Equal("Stopped", (await admin.StopAsync("n1", abrupt: true)).State);
        Assert.Equal("Stopped", (await admin.StopAsync("n2")).State);
        Assert.Equal(["n1 Stopped", "n2 Stopped"], (await admin.ListAsync()).Select(static node => $"{node.Node} {node.State}"));
        ClusterException twice = await Assert.ThrowsAsync<ClusterException>(() => admin.StopAsync("n2"));
        Assert.Equal(ClusterError.WrongState, twice.Error);
        Assert.Contains("'n2'", twice.Message, StringComparison.Ordinal);
        Assert.Equal(ClusterError.UnknownNode, (await Assert.ThrowsAsync<ClusterException>(() => admin.StartAsync("n/3"))).Error);

        Assert.Equal("Running", (await admin.StartAsync("n2")).State);
        Assert.Equal("Running", (await admin.StartAsync("n1")).State);
        await cluster.LeaderAsync();
    }

    [Fact]
    public async Task APostWithoutTheHeaderChangesNothing()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(static options => options with { Nodes = 1 });
        await using WebApplication app = await ServeAsync(cluster.Cluster);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        HttpResponseMessage response = await http.PostAsync(new Uri("/admin/nodes/n1/stop", UriKind.Relative), content: null);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(NodeState.Running, cluster.Cluster.Nodes[0].State);
    }

    private static async Task<WebApplication> ServeAsync(EmbeddedCluster cluster)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.MapQuorleansAdmin(cluster);
        await app.StartAsync();
        return app;
    }
}
