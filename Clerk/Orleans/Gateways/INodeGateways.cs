namespace Quorleans.Clerk;

/// <summary>
/// Connections to the gateways of single nodes. An Orleans client has one connection to each gateway too, but it sends all calls to a grain by one of them, whichever that
/// is: when the silo behind it is paused or cut off, those calls hang although the grain's silo lives, until Orleans evicts the silo. With a connection by itself, each node is reached by
/// its own gateway, and by another one when that is silent.
/// </summary>
public interface INodeGateways
{
    /// <summary>Those that are open. Grows as they open; never shrinks, since a connection that breaks is made anew.</summary>
    IReadOnlyList<NodeGateway> Open { get; }
}

/// <summary>A connection to one node's gateway.</summary>
/// <param name="Node">The node.</param>
/// <param name="Grains">Makes references whose calls travel by it.</param>
/// <param name="Connections">Counts its breaks.</param>
public sealed record NodeGateway(string Node, IGrainFactory Grains, ConnectionWatch Connections);
