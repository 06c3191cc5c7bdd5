using Orleans.GrainDirectory;

namespace Quorleans.Grains.Placement;

/// <summary>
/// The grain directory of grains under <see cref="HomePlacement"/>: it remembers nothing, because the key says where the grain lives.
/// </summary>
public sealed class HomeDirectory : IGrainDirectory
{
    /// <summary>The name under which it is registered.</summary>
    public const string Name = "home";

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) => Task.FromResult<GrainAddress?>(address);

    /// <inheritdoc/>
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
