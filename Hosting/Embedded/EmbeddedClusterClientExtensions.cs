using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Messaging;
using Quorleans.GrainInterfaces;

namespace Quorleans.Hosting;

/// <summary>Connects Orleans clients of the same process to an embedded cluster.</summary>
public static class EmbeddedClusterClientExtensions
{
    /// <summary>Makes the client follow the cluster's silos as they come and go.</summary>
    /// <param name="client">The client's builder.</param>
    /// <param name="cluster">The cluster.</param>
    /// <returns>The same builder.</returns>
    public static IClientBuilder UseEmbeddedCluster(this IClientBuilder client, EmbeddedCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(cluster);
        client.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = OrleansIds.ClusterId;
            options.ServiceId = OrleansIds.ServiceId;
        });
        client.Configure<GatewayOptions>(static options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        client.Services.AddSingleton<IGatewayListProvider>(new ProcessGatewayList(cluster.MembershipTable));
        return client;
    }
}
