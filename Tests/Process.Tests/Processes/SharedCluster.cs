using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>A cluster of three processes for all tests of a class, which run one after the other. Each test has keys of its own, and finds all nodes up, whatever the one before did to them.</summary>
public sealed class SharedCluster : IAsyncDisposable
{
    private readonly TestDirectory _data = TestDirectory.OnDisk();
    private readonly ClusterProcesses _cluster;

    public SharedCluster() => _cluster = new ClusterProcesses(_data.Path);

    /// <summary>The cluster, with every node up.</summary>
    internal async Task<ClusterProcesses> AllUpAsync()
    {
        foreach (string node in _cluster.Nodes.Where(_cluster.Has))
        {
            // A test that failed may have left it paused; one that has ended by itself is forgotten.
            if (!_cluster[node].HasExited) await _cluster[node].SignalAsync("CONT");
            if (_cluster[node].HasExited) await _cluster.KillAsync(node);
        }

        await _cluster.BeginAsync([.. _cluster.Nodes.Where(node => !_cluster.Has(node))]);
        foreach (string node in _cluster.Nodes) await _cluster.WaitReadyAsync(node);
        return _cluster;
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _data.Dispose();
    }
}
