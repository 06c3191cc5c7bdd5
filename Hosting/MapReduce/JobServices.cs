using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Quorleans.Clerk;
using Quorleans.Grains.MapReduce;
using Quorleans.Grains.Raft;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.MapReduce.Tasks.Workers;

namespace Quorleans.Hosting;

/// <summary>What a silo needs to coordinate jobs and to run their tasks.</summary>
internal static class JobServices
{
    /// <summary>The folder in a node's data directory.</summary>
    private const string FolderName = "mr";

    public static void AddJobs(this IServiceCollection services, NodeOptions node)
    {
        MapReduceShare share = node.MapReduce ?? new MapReduceShare(new MapReduceOptions());

        // The coordinator of jobs keeps them in the store, by a Clerk that knows the cluster as its node does.
        services.AddQuorleansClerk();
        services.AddOptions<ClerkOptions>().Configure<NodeService>(static (clerk, home) => (clerk.Shards, clerk.Nodes) = (home.Shards, home.ControllerNodes));
        services.TryAddSingleton(new CoordinatorOptions());
        services.TryAddSingleton(share.Options.Allowed);

        services.TryAddSingleton(new TrackerOptions
        {
            Node = node.Name,
            Folder = Path.Combine(node.DataDirectory, FolderName),
            Machine = share.Options.MachineOf?.Invoke(node.Name) ?? share.Options.Machine ?? Environment.MachineName,
            Slots = share.Slots,
            Allowed = share.Options.Allowed,
        });
        services.TryAddSingleton<IMapOutputEndpoint>(provider => new MapOutputEndpoint(node.Address, provider.GetRequiredService<ILoggerFactory>()));
        services.TryAddSingleton<IStoreScanner, ClerkStoreScanner>();
        services.TryAddSingleton(static _ => new JobOutput());
        services.TryAddSingleton(static _ => new TaskRunner());
        services.AddSingleton(static provider => new InProcessHost(provider.GetRequiredService<TaskRunner>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(_ => new WorkerHost(share.Options.Workers with { Slots = share.Options.Slots }));
        services.TryAddSingleton<IAttemptHost>(provider => new AttemptHosts(
            provider.GetRequiredService<InProcessHost>(),
            () => share.Options.AssembliesInProcess ? provider.GetRequiredService<InProcessHost>() : provider.GetRequiredService<WorkerHost>()));
        services.AddSingleton<TrackerService>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<TrackerService>());
    }
}
