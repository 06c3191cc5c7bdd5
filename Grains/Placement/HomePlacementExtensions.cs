using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;

namespace Quorleans.Grains.Placement;

/// <summary>Registers <see cref="HomePlacement"/> with a silo.</summary>
public static class HomePlacementExtensions
{
    /// <summary>Adds the placement of grains under <see cref="HomePlacementAttribute"/>. The silo's name must be its node's name.</summary>
    /// <param name="silo">The silo's builder.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddHomePlacement(this ISiloBuilder silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddSingleton<HomeLocator>();
        silo.Services.AddPlacementDirector<HomePlacement, HomePlacementDirector>();
        return silo.AddGrainDirectory(HomeDirectory.Name, static (_, _) => new HomeDirectory());
    }
}
