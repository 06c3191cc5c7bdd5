using System.Net;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;
using Orleans.Dashboard;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Raft;
using Quorleans.Hosting;

namespace Quorleans.Silo;

/// <summary>The pages of the silo executable: dashboard, health, metrics, administration. On loopback only.</summary>
internal static class ServerWeb
{
    public static WebApplication Build(WebApplicationBuilder builder, ServerOptions options, EmbeddedCluster cluster)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Http));
        // Against DNS rebinding: a page of somebody else's must not reach these through a name that it points at loopback.
        builder.Services.Configure<HostFilteringOptions>(static filter => filter.AllowedHosts = ["127.0.0.1", "localhost", "[::1]"]);
        AddCommon(builder);
        IHealthChecksBuilder health = builder.Services.AddHealthChecks();
        foreach (NodeStatus node in cluster.Nodes)
            health.AddCheck($"node {node.Node}", () => CheckNode(cluster, node.Node), tags: [ReadyTag]);
        health.AddAsyncCheck("group g1", () => CheckGroupAsync(cluster, "g1"), tags: [ReadyTag]);
        if (options.Dashboard)
        {
            // A client of its own, which follows the gateways: the pages shall outlive any silo.
            builder.UseOrleansClient(client => client.UseEmbeddedCluster(cluster).AddDashboard());
        }

        WebApplication app = builder.Build();
        app.UseHostFiltering();
        MapCommon(app);
        app.MapQuorleansAdmin(cluster);
        if (options.Dashboard) app.MapOrleansDashboard("/dashboard");
        return app;
    }

    /// <summary>Marks the checks of <c>/readyz</c>.</summary>
    public const string ReadyTag = "ready";

    /// <summary>What the pages of an embedded cluster and of a single node need alike.</summary>
    public static void AddCommon(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics
            .AddMeter("Quorleans", "Quorleans.*", "Microsoft.Orleans", "System.Runtime")
            .AddPrometheusExporter());
    }

    /// <summary>The pages that both have.</summary>
    public static void MapCommon(WebApplication app)
    {
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/readyz", new HealthCheckOptions { Predicate = static check => check.Tags.Contains(ReadyTag), ResponseWriter = WriteAsync });
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static HealthCheckResult CheckNode(EmbeddedCluster cluster, string name)
    {
        NodeStatus status = cluster.Nodes.Single(node => node.Node == name);
        string text = status.Detail is null ? status.State.ToString() : $"{status.State}: {status.Detail}";
        if (status.State != NodeState.Running) return HealthCheckResult.Unhealthy(text);
        // A silo may run whose replicas have stopped: of a disk that failed, or a log that cannot be used. The others serve.
        return cluster.GetServices(name)?.GetService<NodeService>()?.Problem is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy(text);
    }

    private static async Task<HealthCheckResult> CheckGroupAsync(EmbeddedCluster cluster, string group)
    {
        IReadOnlyList<ReplicaStatus> replicas = await cluster.GetReplicasAsync(group);
        ReplicaStatus? leader = replicas.FirstOrDefault(static replica => replica is { State: "Running", Role: "Leader" });
        if (leader is not null) return HealthCheckResult.Healthy($"{leader.Node} leads in term {leader.Term}");
        string states = string.Join(", ", replicas.Select(static replica => $"{replica.Node} {replica.State} {replica.Role}".TrimEnd()));
        return HealthCheckResult.Unhealthy(states.Length == 0 ? "no node is up" : $"no leader: {states}");
    }

    private static Task WriteAsync(HttpContext http, HealthReport report) => http.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        checks = report.Entries.Select(static entry => new
        {
            name = entry.Key,
            status = entry.Value.Status.ToString(),
            detail = entry.Value.Description ?? entry.Value.Exception?.Message,
        }),
    });
}
