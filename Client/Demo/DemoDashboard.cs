using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Dashboard;
using Quorleans.Hosting;

namespace Quorleans.Client.Demo;

/// <summary>Orleans' dashboard of an embedded cluster in this process, on a free port of loopback.</summary>
internal sealed class DemoDashboard : IAsyncDisposable
{
    private const string Path = "/dashboard";
    private readonly WebApplication _app;

    private DemoDashboard(WebApplication app) => _app = app;

    /// <summary>Where a browser finds it.</summary>
    public Uri Address => new(new Uri(_app.Urls.Single()), Path);

    /// <summary>Starts it. The cluster must run; nodes may come and go afterwards.</summary>
    public static async Task<DemoDashboard> StartAsync(EmbeddedCluster cluster, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));

        // Against DNS rebinding: a page of somebody else's must not reach this through a name that it points at loopback.
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["127.0.0.1", "localhost"]);
        builder.UseOrleansClient(client => client.UseEmbeddedCluster(cluster).AddDashboard());
        WebApplication app = builder.Build();
        app.UseHostFiltering();
        app.MapOrleansDashboard(Path);
        await app.StartAsync(cancellationToken);
        return new DemoDashboard(app);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }
}
