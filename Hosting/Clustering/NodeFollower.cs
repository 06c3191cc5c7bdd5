using Microsoft.Extensions.Logging;
using Quorleans.KeyValue.Members;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>Keeps a node's view of which nodes there are up to date, in memory and on its disk, and tells when the node itself was removed.</summary>
/// <param name="self">The node.</param>
/// <param name="peers">Is told what is new.</param>
/// <param name="members">Asked for it.</param>
/// <param name="local">What this node's own replica of the group knows; null where it has none.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where a disk's failure is reported.</param>
internal sealed partial class NodeFollower(ConfiguredNode self, PeerClient peers, MembersClient members, Func<NodesAnswer?> local, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private long _kept;

    /// <summary>Takes what the disk knows.</summary>
    /// <exception cref="ClusterException">The file cannot be used, or says that the node was removed.</exception>
    public void Load()
    {
        NodesAnswer kept = NodesFile.Read(self.Data);
        _kept = kept.Version;
        peers.Learn(kept);
        RequireSelf();
    }

    /// <summary>Asks the group once.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The node was removed, or nobody answers for the group.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await LearnAsync(await members.ReadNodesAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        RequireSelf();
    }

    /// <summary>Follows until the node is removed.</summary>
    /// <param name="cancellationToken">Ends it before.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!peers.Configuration.Removed.Contains(self.Name))
        {
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            try
            {
                // First without asking: a replica hears of nodes from a leader that this node could not reach.
                if (local() is { } known) await LearnAsync(known).ConfigureAwait(false);
                await LearnAsync(await members.ReadNodesAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (ClusterException)
            {
                // No majority now. What is known stays.
            }
        }
    }

    private async Task LearnAsync(NodesAnswer nodes)
    {
        peers.Learn(nodes);
        if (nodes.Version <= _kept) return;
        try
        {
            await Task.Run(() => NodesFile.Write(self.Data, nodes)).ConfigureAwait(false);
            _kept = nodes.Version;
        }
        catch (DiskException cause)
        {
            // The next round tries again.
            LogNotKept(logger, self.Name, cause.Message);
        }
    }

    private void RequireSelf()
    {
        if (peers.Configuration.Removed.Contains(self.Name)) throw NodeRegistry.WasRemoved(self.Name);
    }

    [LoggerMessage(32, LogLevel.Warning, "Node {Node} cannot note which nodes there are: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string node, string reason);
}
