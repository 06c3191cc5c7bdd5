using Quorleans.Client;
using Quorleans.Tests.Shared;
using Quorleans.Tests.Shared.Processes;

namespace Quorleans.Chaos;

/// <summary>The processes, their network and disks, and the folder that holds everything. Processes that Orleans has evicted are started again, as their supervisor does.</summary>
internal sealed class ChaosWorld : IAsyncDisposable
{
    private const int Evicted = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource _stop = new();
    private readonly Log _log;
    private readonly ChaosNode[] _nodes;
    private readonly SmallDisk? _disk;
    private Task _supervision = Task.CompletedTask;

    private ChaosWorld(string folder, Log log, Network? network, SmallDisk? disk, ClusterProcesses cluster)
    {
        (Folder, _log, Network, _disk, Cluster) = (folder, log, network, disk, cluster);
        _nodes = [.. cluster.Nodes.Select((name, i) => new ChaosNode(name, i) { Disk = i == cluster.Nodes.Count - 1 ? disk : null })];
    }

    /// <summary>Holds everything.</summary>
    public string Folder { get; }

    /// <summary>The processes.</summary>
    public ClusterProcesses Cluster { get; }

    /// <summary>The network; null where it cannot be cut.</summary>
    public Network? Network { get; }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<ChaosNode> Nodes => _nodes;

    /// <summary>Prepares what this machine permits, and says what it does not.</summary>
    public static ChaosWorld Build(ChaosOptions options, string folder, Log log)
    {
        Network? network = null;
        SmallDisk? disk = null;
        if (!options.Without.Contains(FaultKind.Cut) || !options.Without.Contains(FaultKind.CutOneWay))
        {
            network = Network.TryBuild(options.Nodes, out string? problem);
            if (problem is not null) log.Say($"no network cuts: network namespaces need root, and here it says: {problem}");
        }

        if (!options.Without.Contains(FaultKind.DiskFull))
        {
            disk = SmallDisk.TryMount(Path.Combine(folder, "disk"), out string? problem);
            if (problem is not null) log.Say($"no full disk: a small file system needs root, and here it says: {problem}");
        }

        try
        {
            NodePlace[] places = network is null
                ? NodePlace.OnLoopback(options.Nodes)
                : [.. Enumerable.Range(0, options.Nodes).Select(i => network.Place(i, FormattableString.Invariant($"n{i + 1}")))];
            for (int i = 0; i < places.Length; i++)
                places[i] = places[i] with { Log = Path.Combine(folder, $"{places[i].Name}.log"), Data = i == places.Length - 1 ? disk?.Data : null };
            return new ChaosWorld(folder, log, network, disk, new ClusterProcesses(folder, places) { Patience = TimeSpan.FromSeconds(90) });
        }
        catch
        {
            disk?.Dispose();
            network?.Dispose();
            throw;
        }
    }

    /// <summary>Starts all nodes and waits until they serve.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await Cluster.BeginAsync([.. Cluster.Nodes]);
        foreach (string node in Cluster.Nodes) await Cluster.WaitReadyAsync(node, cancellationToken);
        foreach (ChaosNode node in _nodes) node.ShallRun = true;
        _supervision = Task.Run(SuperviseAsync, CancellationToken.None);
    }

    /// <summary>A client of its own.</summary>
    public Task<ICluster> ConnectAsync(CancellationToken cancellationToken) => new OrleansConnector().ConnectAsync(new ConnectOptions { Gateways = "", Config = Cluster.Config }, cancellationToken);

    /// <summary>Kills a node's process.</summary>
    public async Task KillAsync(ChaosNode node)
    {
        node.ShallRun = false;
        if (Cluster.Has(node.Name)) await Cluster.KillAsync(node.Name);
    }

    /// <summary>Starts a node's process and waits until it is ready, or for a while. What goes wrong with a start while there are other faults, the supervisor tries again.</summary>
    public async Task StartAsync(ChaosNode node)
    {
        if (!Cluster.Has(node.Name)) await Cluster.BeginAsync(node.Name);
        node.ShallRun = true;
        await Poll.UntilAsync(async () => _stop.IsCancellationRequested || Cluster[node.Name].HasExited || (await Cluster.AskReadyAsync(node.Name)).IsReady, Look, ReadyPatience, CancellationToken.None);
    }

    /// <summary>Stops a node's process as an operator does.</summary>
    public async Task StopAsync(ChaosNode node)
    {
        node.ShallRun = false;
        if (!Cluster.Has(node.Name)) return;
        ChildProcess process = Cluster[node.Name];
        await process.SignalAsync("TERM");
        try
        {
            int status = await process.WaitAsync(ReadyPatience);
            if (status is not (0 or Evicted)) _log.Violate($"{node.Name} ended with status {status} on SIGTERM: {Tail(process.Error)}");
        }
        catch (TimeoutException)
        {
            _log.Violate($"{node.Name} has not ended within {ReadyPatience.TotalSeconds} s of SIGTERM.");
        }

        await Cluster.KillAsync(node.Name);
    }

    /// <summary>Waits until every node is ready.</summary>
    public async Task WaitReadyAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        foreach (ChaosNode node in _nodes)
        {
            string said = "";
            bool isReady = await Poll.UntilAsync(async () =>
            {
                (bool saysSo, said) = await Cluster.AskReadyAsync(node.Name, cancellationToken);
                return saysSo;
            }, Look, patience, cancellationToken);
            if (isReady) continue;
            _log.Violate($"{node.Name} is not ready {patience.TotalSeconds} s after the last fault. It says: {said}");
            return;
        }
    }

    /// <summary>What must not outlive this process, at once.</summary>
    public void Abandon()
    {
        _stop.Cancel();
        foreach (ChaosNode node in _nodes)
            if (Cluster.Has(node.Name)) Cluster[node.Name].KillNow();
        _disk?.Dispose();
        Network?.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _supervision;
        await Cluster.DisposeAsync();
        _disk?.Dispose();
        Network?.Dispose();
        _stop.Dispose();
    }

    private async Task SuperviseAsync()
    {
        using PeriodicTimer look = new(Look);
        using CancellationTokenRegistration end = _stop.Token.Register(look.Dispose);
        while (await look.WaitForNextTickAsync(CancellationToken.None))
        {
            foreach (ChaosNode node in _nodes)
            {
                if (_stop.IsCancellationRequested || !node.TryTake()) continue;
                try
                {
                    await LookAfterAsync(node);
                }
                finally
                {
                    node.Release();
                }
            }
        }
    }

    private async Task LookAfterAsync(ChaosNode node)
    {
        if (!node.ShallRun || !Cluster.Has(node.Name)) return;
        node.Look(Cluster[node.Name]);
        if (!Cluster[node.Name].HasExited) return;
        string said = Tail(Cluster[node.Name].Error);
        (int status, _) = await Cluster.WaitEndAsync(node.Name);
        switch (status)
        {
            case Evicted:
                _log.Count("evicted");
                _log.Say($"{node.Name} was evicted, and is started again");
                break;

            // It could not start while others were away, or its disk was full: said in one line, and tried again.
            case 1 when !node.IsUp:
                _log.Count("start failed");
                _log.Say($"{node.Name} could not start, and is started again: {said}");
                await Pause.ForAsync(AfterFailure, _stop.Token);
                break;
            default:
                _log.Violate($"{node.Name} ended by itself with status {status}: {said}");
                break;
        }

        await Cluster.BeginAsync(node.Name);
    }

    private static string Tail(string text) => text.Trim().Split('\n') is [.., var last] ? last : "";
}
