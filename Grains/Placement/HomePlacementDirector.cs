using Orleans.Runtime.Placement;

namespace Quorleans.Grains.Placement;

/// <summary>Finds the home of a grain under <see cref="HomePlacement"/>.</summary>
/// <param name="homes">Where the nodes are.</param>
public sealed class HomePlacementDirector(HomeLocator homes) : IPlacementDirector
{
    /// <inheritdoc/>
    /// <exception cref="GrainInterfaces.HomeUnavailableException">No active silo hosts the node. Not retried by Orleans, so the caller learns it at once.</exception>
    /// <remarks>A placement hint (the target of a migration) is disregarded: home is home.</remarks>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string node = HomeKey.Of(target.GrainIdentity).Node;
        return homes.TryFind(node, out SiloAddress? silo)
            ? Task.FromResult(silo)
            : Task.FromException<SiloAddress>(GrainInterfaces.HomeUnavailableException.NodeIsNotUp(node, target.GrainIdentity.ToString()));
    }
}
