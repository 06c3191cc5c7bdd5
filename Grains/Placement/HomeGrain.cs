using Quorleans.GrainInterfaces;

namespace Quorleans.Grains.Placement;

/// <summary>The base of grains under <see cref="HomePlacementAttribute"/>: refuses to be activated away from home.</summary>
/// <param name="homes">Where the nodes are.</param>
/// <param name="silo">The silo that activates it.</param>
public abstract class HomeGrain(HomeLocator homes, ILocalSiloDetails silo) : Grain
{
    /// <summary>The grain's key: its group, if any, and its node.</summary>
    protected HomeKey Key { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="HomeUnavailableException">This silo is not the grain's home: the caller had a stale address, and finds the way at its next call.</exception>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Key = HomeKey.Of(this.GetGrainId());
        bool isHome = string.Equals(Key.Node, silo.Name, StringComparison.Ordinal)
            // A silo does not see itself as active until it has joined: then the name alone decides.
            && (!homes.TryFind(Key.Node, out SiloAddress? home) || home.Generation <= silo.SiloAddress.Generation);
        return isHome
            ? base.OnActivateAsync(cancellationToken)
            : throw HomeUnavailableException.NodeIsNotUp(Key.Node, $"{this.GetGrainId()} on silo {silo.Name} {silo.SiloAddress}");
    }
}
