using System.Net;
using Orleans.Messaging;

namespace Quorleans.Hosting;

/// <summary>The gateways of an embedded cluster, for clients in the same process: those of the silos that are active now.</summary>
/// <param name="table">The cluster's membership table.</param>
public sealed class ProcessGatewayList(ProcessMembershipTable table) : IGatewayListProvider
{
    /// <inheritdoc/>
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IList<Uri>> GetGateways()
    {
        IList<Uri> gateways = [.. table.Snapshot()
            .Where(static entry => entry is { Status: SiloStatus.Active, ProxyPort: > 0 })
            .Select(static entry => SiloAddress
                .New(new IPEndPoint(entry.SiloAddress.Endpoint.Address, entry.ProxyPort), entry.SiloAddress.Generation).ToGatewayUri())];
        return Task.FromResult(gateways);
    }
}
