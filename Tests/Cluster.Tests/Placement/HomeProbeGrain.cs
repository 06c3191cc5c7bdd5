using System.Collections.Concurrent;
using Orleans.Runtime.Placement;
using Quorleans.Grains.Placement;

namespace Quorleans.Cluster.Tests.Placement;

/// <summary>Tells where it is, and keeps a book of its activations in this process.</summary>
[HomePlacement]
public sealed class HomeProbeGrain(HomeLocator homes, ILocalSiloDetails silo) : HomeGrain(homes, silo), IHomeProbeGrain
{
    private readonly ILocalSiloDetails _silo = silo;

    /// <summary>Every activation that came to life: the grain's key and the silo.</summary>
    public static ConcurrentQueue<(string Key, SiloAddress Silo)> Activations { get; } = new();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        Activations.Enqueue((this.GetPrimaryKeyString(), _silo.SiloAddress));
    }

    public Task<Whereabouts> WhereAreYou() =>
        Task.FromResult(new Whereabouts(_silo.Name, _silo.SiloAddress, GrainContext.ActivationId.ToString()));

    public Task PleaseMove(SiloAddress destination)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, destination);
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }
}
