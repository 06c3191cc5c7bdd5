namespace Quorleans.Clerk;

/// <summary>What the core wants done. Made to be used again.</summary>
public sealed class ClerkEffects
{
    /// <summary>To send, in any order.</summary>
    public List<ClerkAttempt> Sends { get; } = [];

    /// <summary>Operations that are over, in the order in which they ended. Their result or error stands in them.</summary>
    public List<ClerkOperation> Completions { get; } = [];

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Sends.Count == 0 && Completions.Count == 0;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Sends.Clear();
        Completions.Clear();
    }
}
