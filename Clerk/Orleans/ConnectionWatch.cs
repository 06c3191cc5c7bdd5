namespace Quorleans.Clerk;

/// <summary>
/// Counts changes of an Orleans client's gateway connections. When a connection breaks, Orleans sends what it had under way once more
/// over another one, so a call can reach its replica twice, and the one answer that comes back may be the second's: "does not lead", although
/// the first was logged. A write's refusal that spans such a change is therefore no proof that nothing happened.
/// </summary>
public sealed class ConnectionWatch : IClusterConnectionStatusObserver
{
    private readonly HashSet<Action> _handlers = [];
    private int _changes;

    /// <summary>
    /// A connection broke. What travelled over it, or its answer, may be lost for good: Orleans sends again only what it had not written yet.
    /// Raised on whatever thread noticed it.
    /// </summary>
    /// <remarks>A set, since a process may have thousands of Clerks, and a delegate of many is copied whenever one comes or goes.</remarks>
    public event Action Lost
    {
        add
        {
            lock (_handlers) _handlers.Add(value);
        }

        remove
        {
            lock (_handlers) _handlers.Remove(value);
        }
    }

    /// <summary>How many changes there were.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <inheritdoc/>
    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        Interlocked.Increment(ref _changes);
        if (currentNumberOfGateways < previousNumberOfGateways) Raise();
    }

    /// <inheritdoc/>
    public void NotifyClusterConnectionLost()
    {
        Interlocked.Increment(ref _changes);
        Raise();
    }

    private void Raise()
    {
        Action[] handlers;
        lock (_handlers) handlers = [.. _handlers];
        foreach (Action handler in handlers) handler();
    }
}
