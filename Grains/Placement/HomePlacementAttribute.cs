using Orleans.Placement;

namespace Quorleans.Grains.Placement;

/// <summary>
/// Pins a grain to the node in its key (<c>group/node</c> or <c>node</c>): it is activated on that node's silo only, is never migrated
/// and never collected. Derive from <see cref="HomeGrain"/>, which refuses an activation away from home.
/// </summary>
/// <remarks>
/// This finds addresses; safety must not rest on it. Two silos may believe that they host a node for a while: the real guard is the lock
/// of the data directory and the identities in every Raft message.
/// </remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class HomePlacementAttribute() : PlacementAttribute(HomePlacement.Instance);
