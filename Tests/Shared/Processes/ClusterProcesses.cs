using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Quorleans.Tests.Shared.Processes;

/// <summary>A cluster of silo processes, one node each; nodes are started and killed by name. Of different nodes by any thread, of one node one at a time.</summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    private static readonly HttpClient Web = new() { Timeout = TimeSpan.FromSeconds(5) };
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private readonly ConcurrentDictionary<string, ChildProcess> _running = new(StringComparer.Ordinal);
    private readonly NodePlace[] _places;

    /// <summary>A cluster on the loopback, on free ports.</summary>
    /// <param name="folder">Holds the configuration and the nodes' data.</param>
    /// <param name="nodes">How many nodes.</param>
    public ClusterProcesses(string folder, int nodes = 3)
        : this(folder, NodePlace.OnLoopback(nodes))
    {
    }

    /// <summary>A cluster.</summary>
    /// <param name="folder">Holds the configuration and the nodes' data.</param>
    /// <param name="places">Its nodes.</param>
    public ClusterProcesses(string folder, NodePlace[] places)
    {
        _places = places;
        Nodes = [.. places.Select(static place => place.Name)];
        Config = Path.Combine(folder, "cluster.json");
        string list = string.Join(",\n", places.Select(static place => string.Create(CultureInfo.InvariantCulture,
            $$"""    { "name": "{{place.Name}}", "address": "{{place.Address}}", "silo": {{place.FirstPort}}, "gateway": {{place.FirstPort + 1}}, "http": {{place.FirstPort + 2}}, "peer": {{place.FirstPort + 3}}{{DataOf(place)}} }""")));
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

    /// <summary>The nodes' names.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>The silo's program.</summary>
    public string Silo { get; init; } = Programs.Silo;

    /// <summary>How long a node may take to become ready, or to stop.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What a node's process finds in its environment beside ours.</summary>
    public Func<string, IReadOnlyDictionary<string, string>>? Environment { get; init; }

    /// <summary>Where a node's pages are.</summary>
    public Uri Http(string node)
    {
        NodePlace place = Place(node);
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{place.Address}:{place.FirstPort + 2}"));
    }

    /// <summary>A node's process while it is not disposed of.</summary>
    public ChildProcess this[string node] => _running[node];

    /// <summary>Whether a process of the node was started and not disposed of.</summary>
    public bool Has(string node) => _running.ContainsKey(node);

    /// <summary>Starts nodes at the same time and does not wait.</summary>
    public async Task BeginAsync(params string[] nodes)
    {
        foreach (string node in nodes)
        {
            NodePlace place = Place(node);
            string[] command = [.. place.Wrapper, Silo, "--config", Config, "--node", node, "--no-dashboard"];
            if (!_running.TryAdd(node, await ChildProcess.StartAsync(command[0], command[1..], log: place.Log, environment: Environment?.Invoke(node)))) throw new InvalidOperationException($"{node} runs already.");
        }
    }

    /// <summary>Starts nodes at the same time and waits until all of them are ready.</summary>
    public async Task StartAsync(params string[] nodes)
    {
        await BeginAsync(nodes);
        foreach (string node in nodes) await WaitReadyAsync(node);
    }

    /// <summary>Whether a node's <c>/readyz</c> says so, and what it says.</summary>
    public async Task<(bool IsReady, string Text)> AskReadyAsync(string node, CancellationToken cancellationToken = default)
    {
        try
        {
            using HttpResponseMessage answer = await Web.GetAsync(new Uri(Http(node), "/readyz"), cancellationToken);
            return (answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException or SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (false, e.Message);
        }
    }

    /// <summary>Waits until a node's <c>/readyz</c> says so.</summary>
    /// <exception cref="TimeoutException">It did not for <see cref="Patience"/>.</exception>
    /// <exception cref="InvalidOperationException">Its process has ended.</exception>
    public async Task WaitReadyAsync(string node, CancellationToken cancellationToken = default)
    {
        ChildProcess process = _running[node];
        string said = "nothing";
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer look = new(Look);
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            if (process.HasExited) throw new InvalidOperationException($"{node} ended with status {await process.WaitAsync()}.\n{process}");
            (bool isReady, said) = await AskReadyAsync(node, cancellationToken);
            if (isReady) return;
            await look.WaitForNextTickAsync(cancellationToken);
        }

        throw new TimeoutException($"{node} is not ready after {Patience.TotalSeconds} s. It says: {said}\n{process}");
    }

    /// <summary><c>kill -9</c> of each, as close to at the same time as one can.</summary>
    public async Task KillAsync(params string[] nodes)
    {
        await Task.WhenAll(nodes.Select(node => _running[node].KillAsync()));
        foreach (string node in nodes) await ForgetAsync(node);
    }

    /// <summary>SIGTERM, and waits until the process has ended as it should.</summary>
    /// <returns>How long that took.</returns>
    /// <exception cref="InvalidOperationException">It ended with another status than 0.</exception>
    public async Task<TimeSpan> StopAsync(string node)
    {
        long start = Stopwatch.GetTimestamp();
        await _running[node].SignalAsync("TERM");
        int status = await _running[node].WaitAsync(Patience);
        if (status != 0) throw new InvalidOperationException($"{node} ended with status {status} on SIGTERM.\n{_running[node]}");
        await ForgetAsync(node);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Waits until a node's process has ended by itself.</summary>
    /// <returns>Its exit status and what it wrote to standard error.</returns>
    public async Task<(int Status, string Error)> WaitEndAsync(string node)
    {
        int status = await _running[node].WaitAsync(Patience);
        string error = _running[node].Error;
        await ForgetAsync(node);
        return (status, error);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (string node in _running.Keys.ToArray()) await ForgetAsync(node);
    }

    private async Task ForgetAsync(string node)
    {
        if (_running.TryRemove(node, out ChildProcess? process)) await process.DisposeAsync();
    }

    private NodePlace Place(string node) => Array.Find(_places, place => place.Name == node) ?? throw new ArgumentException($"There is no node {node}.", nameof(node));

    private static string DataOf(NodePlace place) => place.Data is null ? "" : $$""", "data": {{JsonSerializer.Serialize(place.Data)}}""";
}
