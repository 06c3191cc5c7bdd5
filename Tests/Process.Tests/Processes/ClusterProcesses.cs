using System.Diagnostics;
using System.Globalization;
using System.Net;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>A cluster of silo processes, one node each, on loopback; nodes are started and killed by name.</summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    private const int PortsOfANode = 4;
    private static readonly HttpClient Web = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly SortedDictionary<string, ChildProcess> _running = new(StringComparer.Ordinal);
    private readonly int _firstPort;

    /// <param name="folder">Holds the configuration and the nodes' data.</param>
    /// <param name="nodes">How many nodes.</param>
    public ClusterProcesses(string folder, int nodes = 3)
    {
        Nodes = [.. Enumerable.Range(1, nodes).Select(static i => string.Create(CultureInfo.InvariantCulture, $"n{i}"))];
        _firstPort = Ports.FindRun(PortsOfANode * nodes);
        Config = Path.Combine(folder, "cluster.json");
        string list = string.Join(",\n", Nodes.Select((node, i) => string.Create(CultureInfo.InvariantCulture,
            $$"""    { "name": "{{node}}", "silo": {{Port(i, 0)}}, "gateway": {{Port(i, 1)}}, "http": {{Port(i, 2)}}, "peer": {{Port(i, 3)}} }""")));
        File.WriteAllText(Config, $$"""
            {
              "cluster": "test",
              "nodes": [
            {{list}}
              ]
            }
            """);
    }

    /// <summary>The configuration file.</summary>
    public string Config { get; }

    public IReadOnlyList<string> Nodes { get; }

    /// <summary>What a node's process finds in its environment.</summary>
    public Func<string, IReadOnlyDictionary<string, string>>? Environment { get; init; }

    public Uri Http(string node) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port(Nodes.ToList().IndexOf(node), 2)}"));

    /// <summary>A node's process while it is not disposed of.</summary>
    public ChildProcess this[string node] => _running[node];

    /// <summary>Starts nodes at the same time and does not wait.</summary>
    public async Task BeginAsync(params string[] nodes)
    {
        foreach (string node in nodes) _running.Add(node, await ChildProcess.StartAsync(Programs.Silo, ["--config", Config, "--node", node, "--no-dashboard"], environment: Environment?.Invoke(node)));
    }

    /// <summary>Starts nodes at the same time and waits until all of them are ready.</summary>
    public async Task StartAsync(params string[] nodes)
    {
        await BeginAsync(nodes);
        foreach (string node in nodes) await WaitReadyAsync(node);
    }

    /// <summary>Waits until a node's <c>/readyz</c> says so.</summary>
    public async Task WaitReadyAsync(string node)
    {
        ChildProcess process = _running[node];
        string? said = null;
        try
        {
            await Eventually.Holds($"{node} is ready", async () =>
            {
                if (process.HasExited) return true;
                using HttpResponseMessage answer = await Web.GetAsync(new Uri(Http(node), "/readyz"));
                said = await answer.Content.ReadAsStringAsync();
                return answer.StatusCode == HttpStatusCode.OK;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} It says: {said}\n{process}", e);
        }

        if (process.HasExited) throw new InvalidOperationException($"{node} ended with status {await process.WaitAsync()}.\n{process}");
    }

    /// <summary><c>kill -9</c> of each, as close to at the same time as one can.</summary>
    public async Task KillAsync(params string[] nodes)
    {
        await Task.WhenAll(nodes.Select(node => _running[node].KillAsync()));
        foreach (string node in nodes) await ForgetAsync(node);
    }

    /// <summary>SIGTERM, and waits until the process has ended as it should.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> StopAsync(string node)
    {
        long start = Stopwatch.GetTimestamp();
        await _running[node].SignalAsync("TERM");
        int status = await _running[node].WaitAsync();
        Assert.True(status == 0, $"{node} ended with status {status} on SIGTERM.\n{_running[node]}");
        await ForgetAsync(node);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Waits until a node's process has ended by itself.</summary>
    /// <returns>Its exit status and what it wrote to standard error.</returns>
    public async Task<(int Status, string Error)> WaitEndAsync(string node)
    {
        int status = await _running[node].WaitAsync();
        string error = _running[node].Error;
        await ForgetAsync(node);
        return (status, error);
    }

    /// <summary>Runs a client command.</summary>
    public Task<ClientRun> ClientAsync(params string[] arguments) => ClientProcess.RunAsync(Programs.Client, [.. arguments, "--config", Config]);

    public async ValueTask DisposeAsync()
    {
        foreach (string node in _running.Keys.ToArray()) await ForgetAsync(node);
    }

    private async Task ForgetAsync(string node)
    {
        await _running[node].DisposeAsync();
        _running.Remove(node);
    }

    private int Port(int node, int which) => _firstPort + (PortsOfANode * node) + which;
}
