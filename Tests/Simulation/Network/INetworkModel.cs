namespace Quorleans.Simulation;

/// <summary>Decides what becomes of each packet: the place for loss, delay, duplication, reordering and cuts.</summary>
public interface INetworkModel
{
    /// <summary>Decides about a packet that is being sent.</summary>
    /// <param name="packet">The packet.</param>
    Fate Decide(in Packet packet);

    /// <summary>Whether a caller learns at once, a hop later, that nobody runs at the other end; otherwise its call is never answered.</summary>
    bool ReportsDeadReceiver => true;
}

/// <summary>Every packet arrives once, a hop later, in order.</summary>
public sealed class ReliableNetwork : INetworkModel
{
    /// <inheritdoc/>
    public Fate Decide(in Packet packet) => new(World.HopUs);
}
