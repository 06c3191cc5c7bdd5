using System.Text.Json;
using Microsoft.Extensions.Logging;
using Quorleans.Grains.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>What a node knows of its cluster's creation.</summary>
/// <param name="Node">The node.</param>
/// <param name="NodeId">Its disk's random id, or null while it has none.</param>
/// <param name="ClusterId">The id that its disk is bound to, or null.</param>
/// <param name="Description">The cluster's description, once it has one.</param>
/// <param name="Data">A file that shows that the disk has been in use, though the description is not there; or null.</param>
internal sealed record FoundingReport(string Node, Guid? NodeId, Guid? ClusterId, ClusterDescription? Description, string? Data);

/// <summary>
/// How nodes agree on what a new cluster is: its id, and which disks it begins on. Done once; a node that has the description never asks again.
/// </summary>
/// <remarks>
/// The first founder asks all the others. Only when every one of them answers that it knows no cluster are their disks bound to a new id, and their random ids become
/// the description, which the first founder keeps and the others fetch. So:
/// <list type="bullet">
/// <item>a node whose disk was wiped finds the description with the others, and that it names another disk: it has no vote, whatever it has forgotten;</item>
/// <item>while any founder does not answer, nothing is created: it may be the one that knows;</item>
/// <item>where any disk holds data, nothing is created either;</item>
/// <item>a creation that was cut off is done again: no replica has run before the description was there.</item>
/// </list>
/// </remarks>
internal sealed partial class Founding(PeerClient peers, ConfiguredNode self, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2), Pause = TimeSpan.FromMilliseconds(100), SayAgain = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<ConfiguredNode> _founders = peers.Configuration.Founders;
    private ClusterDescription? _description;

    /// <summary>What it waits for, for people; null when it does not.</summary>
    public string? Waiting { get; private set; }

    /// <summary>Reads the description from this disk, if it is there: before anybody is answered, or a disk in use would look like one that has lost it.</summary>
    /// <exception cref="ClusterException">It is damaged or unreadable.</exception>
    public void Load()
    {
        if (ClusterFile.Read(self.Data) is { } own) Know(own);
    }

    /// <summary>What this node knows.</summary>
    public FoundingReport Report()
    {
        lock (_lock)
        {
            NodeIdentity? identity = NodeDirectory.Peek(self.Data);
            return new FoundingReport(self.Name, identity?.NodeId, identity?.ClusterId, _description, _description is null ? ClusterFile.FindData(self.Data) : null);
        }
    }

    /// <summary>The first founder wants to create a cluster: binds this node's disk to it, unless it knows one.</summary>
    /// <param name="clusterId">The new cluster's id.</param>
    /// <param name="by">Who asks.</param>
    /// <exception cref="ClusterException">This node is no founder, or its directory belongs to another cluster.</exception>
    public FoundingReport Prepare(Guid clusterId, string by)
    {
        lock (_lock)
        {
            if (by != _founders[0].Name || _founders.All(founder => founder.Name != self.Name))
                throw new ClusterException(ClusterError.Configuration, $"Node '{by}' wants to create the cluster with node '{self.Name}', but here the founders are {string.Join(", ", _founders.Select(static founder => founder.Name))}. Give all nodes the same configuration.");
            if (_description is null) Bind(clusterId);
            return Report();
        }
    }

    /// <summary>Finds the description: on this disk, if <see cref="Load"/> has found it, with another node, or by creating the cluster.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The directory or the configuration is wrong.</exception>
    public async Task<ClusterDescription> FindAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            if (_description is { } own) return own;
        long saidAt = 0;
        while (true)
        {
            Dictionary<string, string> problems = [];
            FoundingReport?[] reports = await Task.WhenAll(peers.Configuration.Nodes.Select(node => AskAsync(node, HttpMethod.Get, PeerProtocol.FoundingPath, problems, cancellationToken))).ConfigureAwait(false);
            ClusterDescription[] known = [.. reports.Select(static report => report?.Description).OfType<ClusterDescription>()];
            // Writing and syncing: not on the caller's thread.
            if (known.Length > 0) return await Task.Run(() => Adopt(known), cancellationToken).ConfigureAwait(false);
            // A new description beside old logs could name a disk that was replaced meanwhile: that member would have forgotten its votes.
            if (reports.FirstOrDefault(static report => report?.Data is not null) is { } used && _founders.All(founder => reports.Any(report => report?.Node == founder.Name)))
                throw new ClusterException(ClusterError.DataDirectory, $"Node '{used.Node}' holds data ('{used.Data}'), but no node has the cluster's description, cluster.json. Restore that file on any node from a copy; without it nobody knows which disks belong to the cluster.");
            if (_founders[0].Name == self.Name && _founders.All(founder => reports.Any(report => report?.Node == founder.Name)))
            {
                if (await FoundAsync(problems, cancellationToken).ConfigureAwait(false) is { } created) return created;
            }

            Waiting = Describe(problems);
            if (saidAt == 0 || time.GetElapsedTime(saidAt) > SayAgain)
            {
                // Not at once: nodes that start together find each other in a moment.
                if (saidAt != 0) LogWaiting(logger, self.Name, Waiting);
                saidAt = time.GetTimestamp();
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private string Describe(Dictionary<string, string> problems)
    {
        string[] missing = [.. _founders.Where(founder => problems.ContainsKey(founder.Name)).Select(founder => $"{founder.Name} at {founder.PeerUri.Authority} ({problems[founder.Name].TrimEnd('.')})")];
        return missing.Length == 0
            ? $"for {_founders[0].Name} to create the cluster"
            : $"to create the cluster, or to learn that there is one already, for {string.Join(", ", missing)}; the first start needs {string.Join(", ", _founders.Select(static founder => founder.Name))}";
    }

    private async Task<ClusterDescription?> FoundAsync(Dictionary<string, string> problems, CancellationToken cancellationToken)
    {
        Guid id = await Task.Run(() => Bind(NodeDirectory.Peek(self.Data)?.ClusterId ?? Guid.NewGuid()), cancellationToken).ConfigureAwait(false);
        FoundingReport?[] reports = await Task.WhenAll(_founders.Select(founder =>
            AskAsync(founder, HttpMethod.Post, $"{PeerProtocol.FoundingPath}?id={id}&by={self.Name}", problems, cancellationToken))).ConfigureAwait(false);
        // Whoever has learnt of a cluster meanwhile is asked for it in the next round.
        if (reports.Any(report => report is null || report.Description is not null || report.ClusterId != id || report.NodeId is null)) return null;
        return await Task.Run(() =>
        {
            Dictionary<string, ClusterNode> disks = reports.ToDictionary(static report => report!.Node, static report => new ClusterNode(report!.Node, report.NodeId!.Value));
            return Keep(new ClusterDescription
            {
                ClusterId = id,
                Nodes = [.. peers.Configuration.Replicas.Select(name => disks[name])],
                Members = [.. peers.Configuration.Members.Select(name => disks[name])],
            });
        }, cancellationToken).ConfigureAwait(false);
    }

    private ClusterDescription Adopt(ClusterDescription[] known)
    {
        if (known.Any(other => other.ClusterId != known[0].ClusterId))
            throw new ClusterException(ClusterError.OtherCluster, $"The configured nodes are in different clusters: {string.Join(", ", known.Select(static one => one.ClusterId).Distinct())}. Correct the configuration, or empty the data directories that do not belong to it.");
        lock (_lock)
        {
            Bind(known[0].ClusterId);
            return Keep(known[0]);
        }
    }

    // Before the description is there nothing runs on the disk, so that it may still be bound to another cluster. Afterwards it may not.
    private Guid Bind(Guid clusterId)
    {
        lock (_lock)
        {
            if (NodeDirectory.Peek(self.Data) is { } identity && identity.ClusterId != clusterId) ClusterFile.ForgetNewborn(self.Data);
            using NodeDirectory directory = NodeDirectory.Open(self.Data, self.Name, clusterId);
            return clusterId;
        }
    }

    private ClusterDescription Keep(ClusterDescription description)
    {
        // Together, so that nobody hears of the file before the description.
        lock (_lock)
        {
            ClusterFile.Write(self.Data, description);
            return Know(description);
        }
    }

    private ClusterDescription Know(ClusterDescription description)
    {
        lock (_lock) _description = description;
        peers.ClusterId = description.ClusterId;
        Waiting = null;
        return description;
    }

    private async Task<FoundingReport?> AskAsync(ConfiguredNode node, HttpMethod method, string path, Dictionary<string, string> problems, CancellationToken cancellationToken)
    {
        try
        {
            PeerAnswer answer = await peers.SendAsync(node, method, path, null, Timeout, cancellationToken).ConfigureAwait(false);
            FoundingReport? report = JsonSerializer.Deserialize<FoundingReport>(answer.Bytes, PeerProtocol.Json);
            if (report?.Node == node.Name) return report;
            lock (problems) problems[node.Name] = $"it calls itself '{report?.Node}'";
        }
        catch (Exception e) when (e is PeerException or JsonException)
        {
            lock (problems) problems[node.Name] = e.Message;
        }

        return null;
    }

    [LoggerMessage(30, LogLevel.Warning, "Node {Node} waits {What}.")]
    private static partial void LogWaiting(ILogger logger, string node, string what);
}
