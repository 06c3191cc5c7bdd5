using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Messaging;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Hosting;

/// <summary>Lets silos and clients find each other through the membership table that the cluster keeps itself. Orleans' own providers may take its place.</summary>
public static class QuorleansClusteringExtensions
{
    // A client has another provider, or a configured gateway, to go on with: it need not wait as long as a silo.
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(2);

    /// <summary>Makes the silo a member of the cluster whose table the configured nodes keep.</summary>
    /// <param name="silo">The silo's builder.</param>
    /// <param name="configuration">The cluster.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder UseQuorleansClustering(this ISiloBuilder silo, ClusterConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(configuration);
        silo.Configure<ClusterOptions>(SetIds);
        AddTable(silo.Services, configuration, patience: null);
        silo.Services.AddSingleton<IMembershipTable, RaftMembershipTable>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, JoinTurn>();
        // Where a group is sought: on nodes that were there from the beginning, and also when all of it has moved away from them.
        silo.Services.AddOptions<ClerkOptions>().PostConfigure<PeerClient>(static (clerk, peers) => clerk.Nodes = peers.Configuration.NodesToAsk(clerk.Nodes));
        return silo;
    }

    /// <summary>Makes the client follow the cluster's silos as they come and go.</summary>
    /// <param name="client">The client's builder.</param>
    /// <param name="configuration">The cluster.</param>
    /// <returns>The same builder.</returns>
    public static IClientBuilder UseQuorleansClustering(this IClientBuilder client, ClusterConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(configuration);
        client.Configure<ClusterOptions>(SetIds);
        client.Configure<GatewayOptions>(static options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        AddTable(client.Services, configuration, ClientPatience);
        client.Services.AddSingleton<IGatewayListProvider, RaftGatewayList>();
        client.Services.AddSingleton<NodeGateways>();
        client.Services.AddSingleton<INodeGateways>(static services => services.GetRequiredService<NodeGateways>());
        client.Services.AddHostedService(static services => services.GetRequiredService<NodeGateways>());
        return client;
    }

    private static void SetIds(ClusterOptions options) => (options.ClusterId, options.ServiceId) = (OrleansIds.ClusterId, OrleansIds.ServiceId);

    private static void AddTable(IServiceCollection services, ClusterConfiguration configuration, TimeSpan? patience)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(configuration);
        services.TryAddSingleton<PeerClient>();
        services.TryAddSingleton(provider =>
        {
            MembersClient members = ActivatorUtilities.CreateInstance<MembersClient>(provider);
            if (patience is { } limit) members.Patience = limit;
            return members;
        });
    }
}
