namespace Quorleans.Clerk;

/// <summary>
/// Attempts with writes that leave for one node at the same time, each for another group: one message is cheaper than many. Each is answered, or fails, by itself.
/// </summary>
public sealed class ClerkCall
{
    private readonly List<ClerkAttempt> _attempts = [];

    internal ClerkCall(NodeGate gate, long sentMs) => (Gate, SentMs) = (gate, sentMs);

    /// <summary>The node.</summary>
    public string Node => Gate.Node;

    /// <summary>What travels together.</summary>
    public IReadOnlyList<ClerkAttempt> Attempts => _attempts;

    internal NodeGate Gate { get; }

    internal long SentMs { get; }

    /// <summary>Whether it keeps others from being sent.</summary>
    internal bool IsHolding { get; set; } = true;

    /// <summary>What its batches carry.</summary>
    internal int Operations { get; private set; }

    internal void Add(ClerkAttempt attempt)
    {
        _attempts.Add(attempt);
        Operations += attempt.Count;
    }
}
