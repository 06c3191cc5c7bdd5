using Orleans.Concurrency;

namespace Quorleans.Cluster.Tests.Placement;

/// <summary>A grain that tells where it is.</summary>
[Alias("Quorleans.Tests.IHomeProbeGrain")]
public interface IHomeProbeGrain : IGrainWithStringKey
{
    /// <summary>The silo that it runs on, and how many activations of it this process has seen.</summary>
    [AlwaysInterleave, Alias("WhereAreYou")]
    Task<Whereabouts> WhereAreYou();

    /// <summary>Asks to be migrated, with a placement hint, as a rebalancer would.</summary>
    [Alias("PleaseMove")]
    Task PleaseMove(SiloAddress destination);
}

/// <summary>Where a grain is.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.Tests.Whereabouts")]
public sealed record Whereabouts([property: Id(0)] string Silo, [property: Id(1)] SiloAddress Address, [property: Id(2)] string Activation);
