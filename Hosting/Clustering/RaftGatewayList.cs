using System.Net;
using Orleans.Messaging;
using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// The gateways for clients: those of the silos that the membership table calls active. While the table has no majority they are those of the configuration, since
/// silos that run go on without it.
/// </summary>
/// <param name="members">Reaches the table.</param>
/// <param name="peers">Is told of nodes that come and go, so that the table is also found when it has moved to them.</param>
/// <param name="time">The clock.</param>
public sealed class RaftGatewayList(MembersClient members, PeerClient peers, TimeProvider time) : IGatewayListProvider
{
    private static readonly TimeSpan NodesStaleness = TimeSpan.FromSeconds(5);
    private long _nodesReadAt;

    /// <inheritdoc/>
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IList<Uri>> GetGateways() => GetGatewaysAsync(CancellationToken.None);

    /// <inheritdoc/>
    /// <exception cref="ClusterException">The nodes at the configured addresses belong to another cluster.</exception>
    public async Task<IList<Uri>> GetGatewaysAsync(CancellationToken cancellationToken)
    {
        try
        {
            (MembersAnswer table, long logTime) = await members.ReadAllAsync(cancellationToken).ConfigureAwait(false);
            await FollowNodesAsync(cancellationToken).ConfigureAwait(false);
            DateTime now = time.GetUtcNow().UtcDateTime;
            Uri[] active = [.. table.Rows.Where(static row => row.Status == (int)SiloStatus.Active).Select(row => SiloEntry.Decode(row, logTime, now))
                .Where(static entry => entry.ProxyPort > 0)
                .Select(static entry => SiloAddress.New(new IPEndPoint(entry.SiloAddress.Endpoint.Address, entry.ProxyPort), entry.SiloAddress.Generation).ToGatewayUri())];
            if (active.Length > 0) return active;
        }
        catch (ClusterException e) when (e.Error == ClusterError.MembersUnavailable)
        {
            // Below.
        }

        return [.. peers.Configuration.Nodes.Select(static node => SiloAddress.New(node.GatewayEndPoint, 0).ToGatewayUri())];
    }
    private async Task FollowNodesAsync(CancellationToken cancellationToken)
    {
        long now = time.GetTimestamp();
        if (_nodesReadAt != 0 && time.GetElapsedTime(_nodesReadAt, now) < NodesStaleness) return;
        peers.Learn(await members.ReadNodesAsync(cancellationToken).ConfigureAwait(false));
        _nodesReadAt = now;
    }
}
