using System.Diagnostics;
using System.Net;
using Orleans.Dashboard;
using Quorleans.Hosting;
using Quorleans.Raft.Storage;

namespace Quorleans.Silo;

/// <summary>Runs an embedded cluster, or one node of a cluster of processes, with its web pages until it is told to stop.</summary>
internal static class Server
{
    /// <summary>How long a graceful stop may take before what is left of it becomes abrupt.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Runs.</summary>
    /// <param name="commandLine">What the command line changes of the configured options.</param>
    /// <param name="stop">Ends it gracefully, also while it starts.</param>
    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(Func<ServerOptions, ServerOptions> commandLine, CancellationToken stop)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        AddConfiguration(builder.Configuration);
        ServerOptions options;
        try
        {
            options = commandLine(builder.Configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions());
        }
        catch (InvalidOperationException e)
        {
            return await FailAsync(ExitStatus.Usage, $"the configuration is wrong: {e.InnerException?.Message ?? e.Message}");
        }

        if (options.Check() is { } problem) return await FailAsync(ExitStatus.Usage, problem);
        ServerLogging.Configure(builder.Logging, builder.Configuration, options.Verbose);
        try
        {
            return options.Config is null ? await RunAsync(builder, options, stop) : await NodeServer.RunAsync(builder, options, stop);
        }
        catch (Exception e) when (stop.IsCancellationRequested && IsCancellation(e))
        {
            return await StoppedAsync();
        }
        catch (Exception e) when (Describe(e, options) is { } message)
        {
            return await FailAsync(StatusOf(e), message);
        }
    }

    // Orleans has an exception of its own for a start that is cancelled between two stages.
    private static bool IsCancellation(Exception error) => error switch
    {
        OperationCanceledException or OrleansLifecycleCanceledException => true,
        ClusterException { InnerException: { } cause } => IsCancellation(cause),
        _ => false,
    };

    private static int StatusOf(Exception error) => (error as ClusterException)?.Error switch
    {
        ClusterError.Configuration or ClusterError.UnknownNode => ExitStatus.Usage,
        ClusterError.Removed => ExitStatus.Removed,
        _ => ExitStatus.Failed,
    };

    private static async Task<int> RunAsync(WebApplicationBuilder builder, ServerOptions options, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        await using var cluster = new EmbeddedCluster(new EmbeddedClusterOptions
        {
            DataDirectory = Path.GetFullPath(options.Data),
            Nodes = options.Nodes,
            Replicas = options.Replicas,
            SiloPort = options.SiloPort,
            GatewayPort = options.GatewayPort,
            MapReduce = options.MapReduce,
            ConfigureLogging = logging => ServerLogging.Configure(logging, builder.Configuration, options.Verbose),
            ConfigureSilo = (_, silo) =>
            {
                if (options.Dashboard) silo.AddDashboard();
            },
        });
        await using WebApplication app = ServerWeb.Build(builder, options, cluster);
        LoopbackPorts.RequireFree(IPAddress.Loopback, options.Http, "The HTTP server (--http)");
        // The cluster first: the web application's Orleans client wants a gateway when it starts.
        await cluster.StartAsync(stop);
        await app.StartAsync(stop);
        await Console.Out.WriteLineAsync(Greeting(options, cluster, Stopwatch.GetElapsedTime(start)));

        await app.WaitForShutdownAsync(stop);
        using var patience = new CancellationTokenSource(Patience);
        await app.StopAsync(patience.Token);
        await cluster.StopAsync(patience.Token);
        return await StoppedAsync();
    }

    /// <summary>Says goodbye.</summary>
    public static async Task<int> StoppedAsync()
    {
        await Console.Out.WriteLineAsync("Stopped.");
        return ExitStatus.Stopped;
    }

    // The usual order, and beside the program's own appsettings.json one in the working directory.
    private static void AddConfiguration(ConfigurationManager configuration)
    {
        string local = Path.Combine(Environment.CurrentDirectory, "appsettings.json");
        if (Path.GetFullPath(AppContext.BaseDirectory) != Environment.CurrentDirectory)
            configuration.AddJsonFile(local, optional: true, reloadOnChange: false);
        configuration.AddEnvironmentVariables();
    }

    private static string? Describe(Exception error, ServerOptions options) => error switch
    {
        ClusterException or NodeDirectoryException or DiskException => error.Message,
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } =>
            options.Config is null ? $"cannot listen on {IPAddress.Loopback}:{options.Http}: something else does. Stop it, or choose another port with --http." : error.Message,
        _ => null,
    };

    private static async Task<int> FailAsync(int status, string message)
    {
        await Console.Error.WriteLineAsync($"quorleans: {message}");
        return status;
    }

    private static string Greeting(ServerOptions options, EmbeddedCluster cluster, TimeSpan took)
    {
        string dashboard = options.Dashboard ? $"http://127.0.0.1:{options.Http}/dashboard" : "off";
        return FormattableString.Invariant($"""
            Quorleans is up: {cluster.Nodes.Count} nodes in {took.TotalSeconds:F1} s.
              clients    {string.Join(", ", cluster.Gateways)}
              dashboard  {dashboard}
              health     http://127.0.0.1:{options.Http}/readyz
              data       {cluster.Options.DataDirectory}
            Try in another terminal:  dotnet run -c Release --project Client -- put hello world
            Stop with Ctrl+C.
            """);
    }
}
