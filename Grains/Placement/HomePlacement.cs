using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Quorleans.Grains.Placement;

/// <summary>Places a grain on the silo that hosts the node in its key, and nowhere else. See <see cref="HomePlacementAttribute"/>.</summary>
[Serializable, GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.HomePlacement")]
public sealed class HomePlacement : PlacementStrategy
{
    /// <summary>The one instance.</summary>
    public static HomePlacement Instance { get; } = new();

    /// <inheritdoc/>
    /// <remarks>The key says where the grain is: there is nothing to look up, and no registration to lose with a silo.</remarks>
    public override bool IsUsingGrainDirectory => false;

    /// <inheritdoc/>
    /// <remarks>
    /// Sets all that pinning needs at once, so that no grain can have half of it: the directory that remembers nothing (with Orleans'
    /// own one, caches of a lost silo are kept by partition owners), no migration by any balancer, no collection when idle.
    /// </remarks>
    public override void PopulateGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        new GrainDirectoryAttribute(HomeDirectory.Name).Populate(services, grainClass, grainType, properties);
        new ImmovableAttribute(ImmovableKind.Any).Populate(services, grainClass, grainType, properties);
        new KeepAliveAttribute().Populate(services, grainClass, grainType, properties);
    }
}
