using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Dashboard;
using Quorleans.Hosting;
using Quorleans.Raft;

namespace Quorleans.Silo;

/// <summary>The pages of a node that is a process of its own: dashboard, health, metrics, administration, at its HTTP address.</summary>
internal static class NodeWeb
{
    private const string DashboardPath = "/dashboard";

    public static WebApplication Build(WebApplicationBuilder builder, ServerOptions options, NodeProcess node)
    {
        ConfiguredNode at = node.Node;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(at.Address, at.Http));
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["127.0.0.1", "localhost", "[::1]", at.HttpUri.Host]);
        ServerWeb.AddCommon(builder);
        builder.Services.AddHealthChecks()
            .AddCheck($"node {at.Name}", () => CheckNode(node), tags: [ServerWeb.ReadyTag])
            .AddAsyncCheck("groups", () => CheckGroupsAsync(node), tags: [ServerWeb.ReadyTag]);
        WebApplication app = builder.Build();
        app.UseHostFiltering();
        if (options.Dashboard)
        {
            // The dashboard's services are the silo's, which has a host of its own.
            app.Use((http, next) =>
            {
                if (!http.Request.Path.StartsWithSegments(DashboardPath, StringComparison.Ordinal)) return next(http);
                http.RequestServices = node.Services;
                if (node.Status.State == NodeState.Running) return next(http);
                http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return http.Response.WriteAsync($"The silo of node {node.Node.Name} is not up ({node.Status.State}); see /readyz.");
            });
        }

        app.UseRouting();
        ServerWeb.MapCommon(app);
        app.MapQuorleansAdmin(node);
        if (options.Dashboard) new ServicesOf(app, node.Services).MapOrleansDashboard(DashboardPath);
        return app;
    }

    private static HealthCheckResult CheckNode(NodeProcess node)
    {
        NodeStatus status = node.Status;
        string text = status.Detail is null ? status.State.ToString() : $"{status.State}: {status.Detail}";
        return status.State == NodeState.Running ? HealthCheckResult.Healthy(text) : HealthCheckResult.Unhealthy(text);
    }

    // Ready is a node whose replicas all work and know a leader: then it serves, or says who does.
    private static async Task<HealthCheckResult> CheckGroupsAsync(NodeProcess node)
    {
        if (node.Service is not { } service) return HealthCheckResult.Unhealthy("the node is not open yet");
        if (service.Problem is not null || service.Raft is not { } raft) return HealthCheckResult.Unhealthy(service.Problem);
        List<string> good = [], bad = [];
        foreach (GroupId group in raft.Groups.Order())
        {
            if (await raft.GetStateAsync(group.Name) is not { } state) continue;
            if (state.Failure is { } failure) bad.Add(failure);
            else if (state.Leader is null) bad.Add($"{group.Name} has no leader");
            else good.Add($"{state.Leader} leads {group.Name}");
        }

        return bad.Count > 0 ? HealthCheckResult.Unhealthy(string.Join("; ", bad)) : HealthCheckResult.Healthy(good.Count > 0 ? string.Join("; ", good) : "no replica here");
    }

    /// <summary>The routes of one application, with the services of another.</summary>
    private sealed class ServicesOf(IEndpointRouteBuilder routes, IServiceProvider services) : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider => services;

        public ICollection<EndpointDataSource> DataSources => routes.DataSources;

        public IApplicationBuilder CreateApplicationBuilder() => routes.CreateApplicationBuilder();
    }
}
