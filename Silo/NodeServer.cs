using System.Diagnostics;
using Orleans.Dashboard;
using Quorleans.Hosting;

namespace Quorleans.Silo;

/// <summary>Runs one node of a cluster of processes with its web pages until it is told to stop, or Orleans evicts it.</summary>
internal static class NodeServer
{
    // For what does not listen to the end of patience.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Runs.</summary>
    /// <param name="builder">The web application's.</param>
    /// <param name="options">What the process was told.</param>
    /// <param name="stop">Ends it gracefully, also while it starts.</param>
    /// <returns>The exit status.</returns>
    /// <exception cref="ClusterException">The configuration is wrong, or the node cannot start.</exception>
    public static async Task<int> RunAsync(WebApplicationBuilder builder, ServerOptions options, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        ClusterConfiguration configuration = await NodeRegistry.FindAsync(ClusterConfigurationFile.Read(options.Config!), options.Node!, stop);
        await using NodeProcess node = new(new NodeProcessOptions
        {
            Configuration = configuration,
            Node = options.Node!,
            MapReduce = options.MapReduce,
            ConfigureLogging = logging => ServerLogging.Configure(logging, builder.Configuration, options.Verbose),
            ConfigureSilo = silo =>
            {
                if (options.Dashboard) silo.AddDashboard();
            },
        });
        LoopbackPorts.RequireFree(node.Node.Address, node.Node.Http, $"The HTTP server of node '{node.Node.Name}'");
        // Beside each other: while the node waits for others the pages say for which.
        Task starting = Task.Run(() => node.StartAsync(stop), CancellationToken.None);
        await using WebApplication app = NodeWeb.Build(builder, options, node);
        await app.StartAsync(stop);
        // The disk may fail while the node waits for others.
        if (await Task.WhenAny(starting, node.Ended) != starting) return await EndAsync(node);
        await starting;
        await Console.Out.WriteLineAsync(Greeting(options, node, Stopwatch.GetElapsedTime(start)));

        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.Register(told.SetResult)) await Task.WhenAny(told.Task, node.Ended);
        int status = node.Ended.IsCompletedSuccessfully ? await EndAsync(node) : ExitStatus.Stopped;
        using CancellationTokenSource patience = new(Server.Patience);
        Task stopping = StopAsync(node, app, patience.Token);
        // A silo that learns only now that it is dead to the others does not come to an end by itself.
        if (await Task.WhenAny(stopping, node.Ended) != stopping && (await node.Ended).State != NodeState.Stopped) status = await EndAsync(node);
        if (await Task.WhenAny(stopping, Task.Delay(Server.Patience + Grace, CancellationToken.None)) != stopping)
        {
            await Console.Error.WriteLineAsync($"quorleans: node '{node.Node.Name}' did not come to an end in {Server.Patience.TotalSeconds:F0} s, and is ended as it is: what it acknowledged is on its disk.");
            Environment.Exit(status);
        }

        await stopping;
        return status == ExitStatus.Stopped ? await Server.StoppedAsync() : status;
    }

    private static async Task StopAsync(NodeProcess node, WebApplication app, CancellationToken cancellation)
    {
        await node.StopAsync(cancellation);
        await app.StopAsync(cancellation);
    }

    // Of a silo that is dead to the others nothing is waited for: what it still holds would hold its successor up.
    private static async Task<int> EndAsync(NodeProcess node)
    {
        NodeEnd end = await node.Ended;
        switch (end.State)
        {
            case NodeState.Evicted:
                await Console.Error.WriteLineAsync($"quorleans: Orleans has evicted the silo of node '{node.Node.Name}': {end.Reason} The process ends with status {ExitStatus.Evicted} (evicted); start it again.");
                Environment.Exit(ExitStatus.Evicted);
                break;
            case NodeState.Failed:
                await Console.Error.WriteLineAsync($"quorleans: {end.Reason} The process ends with status {ExitStatus.DiskFailed} (disk failed). Look at the disk; then start it again, or give the node an empty directory and replace its members: node replace {node.Node.Name}");
                Environment.Exit(ExitStatus.DiskFailed);
                break;
            case NodeState.Removed:
                await Console.Error.WriteLineAsync($"quorleans: {end.Reason} The process ends with status {ExitStatus.Removed} (removed).");
                return ExitStatus.Removed;
            default: break;
        }

        return ExitStatus.Stopped;
    }

    private static string Greeting(ServerOptions options, NodeProcess node, TimeSpan took)
    {
        string trust = System.Net.IPAddress.IsLoopback(node.Node.Address) ? "" : FormattableString.Invariant($"\n  caution    its ports at {node.Node.Address} have no TLS and no passwords: only for a network that is trusted");
        string dashboard = options.Dashboard ? $"{node.Node.HttpUri}dashboard" : "off";
        return FormattableString.Invariant($"""
            Quorleans node {node.Node.Name} is up in {took.TotalSeconds:F1} s.
              clients    {node.Node.GatewayEndPoint}
              dashboard  {dashboard}
              health     {node.Node.HttpUri}readyz
              data       {node.Node.Data}{trust}
            Stop with Ctrl+C.
            """);
    }
}
