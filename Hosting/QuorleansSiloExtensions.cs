using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Placement;
using Quorleans.Grains.Sharding;

namespace Quorleans.Hosting;

/// <summary>Puts a node into an Orleans silo.</summary>
public static class QuorleansSiloExtensions
{
    /// <summary>Makes the silo the home of a node: its name, endpoints, placement, messaging and liveness settings.</summary>
    /// <param name="silo">The silo's builder. Its clustering (a membership table) is the caller's.</param>
    /// <param name="node">The node.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddQuorleans(this ISiloBuilder silo, NodeOptions node)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(node);
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = OrleansIds.ClusterId;
            options.ServiceId = OrleansIds.ServiceId;
        });
        silo.Configure<SiloOptions>(options => options.SiloName = node.Name);
        silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = node.Address;
            options.SiloPort = node.SiloPort;
            options.GatewayPort = node.GatewayPort;
        });
        silo.Configure<ClusterMembershipOptions>(SetLiveness);
        silo.Configure<SiloMessagingOptions>(SetMessaging);
        silo.Configure<ConnectionOptions>(options =>
        {
            // A peer that comes back shall be reached soon; nothing else waits for this.
            options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(200);
            options.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
        });
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton<GroupCaller>();
        silo.Services.AddSingleton<ShardingService>();
        silo.Services.AddSingleton(static services => services.GetRequiredService<ShardingService>().Link);
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static services => services.GetRequiredService<ShardingService>());
        silo.Services.AddJobs(node);
        return silo.AddHomePlacement();
    }

    // Raft waits for none of this: its own timers notice a dead leader. It decides how long stale addresses live, and how long the
    // dashboard shows a silo that is gone: 2 to 3 s. Two votes, so that one silo with a problem of its own cannot evict the others.
    private static void SetLiveness(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 2;
        options.NumVotesForDeathDeclaration = 2;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
        options.MaxJoinAttemptTime = TimeSpan.FromSeconds(60);
    }

    // A batch is at most 4 MiB and a snapshot's chunk 1 MiB: 8 MiB leave room for framing, and a broken length prefix cannot ask for more.
    private static void SetMessaging(SiloMessagingOptions options)
    {
        options.MaxMessageBodySize = 8 * 1024 * 1024;
        options.MaxMessageHeaderSize = 1024 * 1024;
        options.ResponseTimeout = TimeSpan.FromSeconds(10);
        options.WaitForMessageToBeQueuedForOutboundTime = TimeSpan.FromMilliseconds(50);
        options.ClientGatewayShutdownNotificationTimeout = TimeSpan.Zero;

        // A client that left this silo's gateway and calls this silo's grains by another one gets no answer for as long: the silo keeps them
        // for the case that it returns here. Orleans' default, a minute, would be a minute without writes for it when this node leads.
        options.ClientDropTimeout = TimeSpan.FromMilliseconds(200);
    }
}
