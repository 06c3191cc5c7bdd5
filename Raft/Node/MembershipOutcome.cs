namespace Quorleans.Raft.Node;

/// <summary>What became of a change of configuration.</summary>
/// <param name="Status">Whether it was begun, or why not; null when this node cannot say, as it has no such replica or it does not run.</param>
/// <param name="IsDone">
/// It was begun, and is committed and not joint any more. Begun and not done means that the leadership was lost meanwhile: the next leader ends it or drops it; look at
/// the configuration.
/// </param>
/// <param name="Leader">The node that leads as far as this replica knows, or null.</param>
/// <param name="Membership">The configuration in force here, or null.</param>
/// <param name="Error">Why not; or, for a forced change, what it costs. For a person.</param>
public sealed record MembershipOutcome(MembershipChangeStatus? Status, bool IsDone, string? Leader, Membership? Membership, string? Error);

/// <summary>A change of configuration on its way through the log.</summary>
internal sealed class PendingChange(MembershipChange change, TaskCreationOptions completion) : TaskCompletionSource<MembershipOutcome>(completion)
{
    internal MembershipChange Change { get; } = change;

    /// <summary>Where its entry stands.</summary>
    internal LogIndex Index { get; set; }

    internal Term Term { get; set; }

    /// <summary>For a forced change: what it costs.</summary>
    internal string? Warning { get; set; }
}
