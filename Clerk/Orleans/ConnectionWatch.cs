namespace Quorleans.Clerk;

/// <summary>
/// Counts changes of an Orleans client's gateway connections. When a connection breaks, Orleans sends what it had under way once more
/// over another one, so a call can reach its replica twice, and the one answer that comes back may be the second's: "does not lead", although
/// the first was logged. A write's refusal that spans such a change is therefore no proof that nothing happened.
/// </summary>
public sealed class ConnectionWatch : IClusterConnectionStatusObserver
{
    private int _changes;

    /// <summary>
    /// A connection broke. What travelled over it, or its answer, may be lost for good: Orleans sends again only what it had not written yet.
    /// Raised on whatever thread noticed it.
    /// </summary>
    public event Action? Lost;

    /// <summary>How many changes there were.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <inheritdoc/>
    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        Interlocked.Increment(ref _changes);
        if (currentNumberOfGateways < previousNumberOfGateways) Lost?.Invoke();
    }

    /// <inheritdoc/>
    public void NotifyClusterConnectionLost()
    {
        Interlocked.Increment(ref _changes);
        Lost?.Invoke();
    }
}
