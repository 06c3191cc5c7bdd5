using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>Adds a Clerk to a host.</summary>
public static class ClerkServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IClerk"/>, <see cref="IShardController"/> and <see cref="IJobs"/> to the host of an Orleans client or of a silo: one Clerk for all of its callers, whose operations travel together.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options, or null for the defaults.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddQuorleansClerk(this IServiceCollection services, Action<ClerkOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ClerkOptions>().Configure(static clerk => clerk.Controller ??= GroupNames.Controller);
        if (configure is not null) services.Configure(configure);
        services.TryAddSingleton<ConnectionWatch>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IClusterConnectionStatusObserver, ConnectionWatch>(
            static provider => provider.GetRequiredService<ConnectionWatch>()));
        services.TryAddSingleton(static provider => CreateQuorleansClerk(provider, provider.GetRequiredService<IOptions<ClerkOptions>>().Value));
        services.TryAddSingleton<IShardController>(static provider => new ShardController(
            provider.GetRequiredService<IGrainFactory>(), provider.GetService<INodeGateways>(), provider.GetService<TimeProvider>()));
        services.TryAddSingleton<IJobs>(static provider => new JobsClient(
            provider.GetRequiredService<IGrainFactory>(), provider.GetService<TimeProvider>() ?? TimeProvider.System, provider.GetService<INodeGateways>()));
        services.TryAddSingleton<IClerk>(static provider => provider.GetRequiredService<OrleansClerk>());
        return services;
    }

    /// <summary>
    /// Makes one more Clerk, with options and a session of its own, in a host that called <see cref="AddQuorleansClerk"/>. Whoever makes it disposes of it.
    /// </summary>
    /// <param name="provider">The host's services.</param>
    /// <param name="options">Its options.</param>
    public static OrleansClerk CreateQuorleansClerk(this IServiceProvider provider, ClerkOptions options)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return new OrleansClerk(
            provider.GetRequiredService<IGrainFactory>(),
            options,
            provider.GetService<TimeProvider>(),
            provider.GetService<ConnectionWatch>(),
            provider.GetService<INodeGateways>());
    }
}
