using Orleans.Configuration;
using Orleans.TestingHost;
using Quorleans.Grains.Placement;

namespace Quorleans.Cluster.Tests.Placement;

/// <summary>A TestingHost cluster whose silos bear nodes' names.</summary>
internal sealed class HomeCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private readonly List<InProcessSiloHandle> _silos = [];

    private HomeCluster(InProcessTestCluster cluster) => _cluster = cluster;

    public IClusterClient Client => _cluster.Client;

    public static async Task<HomeCluster> StartAsync(params string[] nodes)
    {
        var builder = new InProcessTestClusterBuilder(0);
        builder.Options.InitializeClientOnDeploy = false;
        builder.Options.ConfigureFileLogging = false;
        builder.Options.AssumeHomogenousSilosForTesting = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddHomePlacement();
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromMilliseconds(500);
                options.NumMissedProbesLimit = 2;
                options.NumVotesForDeathDeclaration = 1;
            });
        });
        var cluster = new HomeCluster(builder.Build());
        await cluster._cluster.DeployAsync();
        foreach (string node in nodes) await cluster.StartSiloAsync(node);
        await cluster._cluster.InitializeClientAsync();
        return cluster;
    }

    public async Task<InProcessSiloHandle> StartSiloAsync(string node)
    {
        (int silo, int gateway) = _cluster.PortAllocator.AllocateConsecutivePortPairs(1);
        InProcessSiloHandle handle = await _cluster.CreateSiloAsync(
            new InProcessTestSiloSpecificOptions { SiloName = node, SiloPort = silo, GatewayPort = gateway });
        _silos.Add(handle);
        return handle;
    }

    public InProcessSiloHandle Silo(string node) => _silos.Last(silo => silo.Name == node);

    public async Task StopSiloAsync(InProcessSiloHandle silo, bool kill = false)
    {
        _silos.Remove(silo);
        if (kill) await _cluster.KillSiloAsync(silo);
        else await _cluster.StopSiloAsync(silo);
    }

    public IHomeProbeGrain Probe(string key) => Client.GetGrain<IHomeProbeGrain>(key);

    public IHomeProbeGrain ProbeFrom(string node, string key) =>
        ((IGrainFactory)Silo(node).ServiceProvider.GetService(typeof(IGrainFactory))!).GetGrain<IHomeProbeGrain>(key);

    public async ValueTask DisposeAsync()
    {
        foreach (InProcessSiloHandle silo in _silos.ToArray()) await StopSiloAsync(silo, kill: true);
        await _cluster.DisposeAsync();
    }
}
