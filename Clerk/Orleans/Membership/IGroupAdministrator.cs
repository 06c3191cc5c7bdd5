using Quorleans.GrainInterfaces;

namespace Quorleans.Clerk;

/// <summary>
/// Changes on which nodes a group has its replicas, while it serves. Each call says what shall be, and goes on from whatever is the case: cut off in the middle (the
/// caller dies, the leader changes), it leaves a sound group, at most with a learner too many, and the same call again carries it to its end.
/// </summary>
public interface IGroupAdministrator
{
    /// <summary>The group as its leader sees it: <see cref="ReplicaStatus.Members"/> has them all.</summary>
    /// <param name="group">The group's name, such as <c>g1</c>.</param>
    /// <param name="cancellationToken">Ends the waiting for a leader.</param>
    /// <exception cref="MembershipException">Nobody leads, or nobody answers.</exception>
    Task<ReplicaStatus> GetMembersAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>Gives a node a replica with a vote: adds it as a learner, waits until it has caught up, promotes it.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="node">The node; it must be up.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the waiting; what was begun stays.</param>
    /// <exception cref="MembershipException">It was refused or did not get on; the message has the way out.</exception>
    Task AddReplicaAsync(string group, string node, MembershipOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Takes a node's replica away, dead or alive, the leader's too. The node deletes its data.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="node">The node.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the waiting; what was begun stays.</param>
    /// <exception cref="MembershipException">It was refused or did not get on; the message has the way out.</exception>
    Task RemoveReplicaAsync(string group, string node, MembershipOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Puts another node's replica in the place of one, dead or alive: the new one catches up first, and one step promotes it and removes the old one, so the group is never
    /// a voter short. With the same name twice, the node's new disk takes the place of its old one.
    /// </summary>
    /// <param name="group">The group's name.</param>
    /// <param name="oldNode">The node whose replica goes.</param>
    /// <param name="newNode">The node that gets one; it must be up.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the waiting; what was begun stays.</param>
    /// <exception cref="MembershipException">It was refused or did not get on; the message has the way out.</exception>
    Task ReplaceReplicaAsync(string group, string oldNode, string newNode, MembershipOptions? options = null, CancellationToken cancellationToken = default);
}

/// <summary>How a group's members are changed.</summary>
public sealed record MembershipOptions
{
    /// <summary>Whether to go on although the group will then have no quorum that is alive, or a learner is behind. What that costs comes as a warning.</summary>
    public bool Force { get; init; }

    /// <summary>How long nothing may move before the call gives up. Default 30 s. A large snapshot that is on its way moves.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Is told of each step and of the catching up, on any thread.</summary>
    public Action<MembershipProgress>? Progress { get; init; }
}

/// <summary>What a change of members is about.</summary>
public enum MembershipStep
{
    /// <summary>A learner is added.</summary>
    Adding,

    /// <summary>The learner is sent the log or a snapshot.</summary>
    CatchingUp,

    /// <summary>Votes are given and taken away.</summary>
    Changing,

    /// <summary>It waits: for a leader, or for a change before this one.</summary>
    Waiting,

    /// <summary>It is over.</summary>
    Done,

    /// <summary>What a forced change costs.</summary>
    Warning,
}

/// <summary>How far a change of members is.</summary>
/// <param name="Step">What it is about.</param>
/// <param name="Text">For a person.</param>
/// <param name="Match">For a learner that catches up: the entries that it has.</param>
/// <param name="Last">The entries that there are.</param>
/// <param name="SnapshotBytes">The bytes of a snapshot that it has taken so far; -1 when it is not being sent one.</param>
public sealed record MembershipProgress(MembershipStep Step, string Text, long Match = 0, long Last = 0, long SnapshotBytes = -1);

/// <summary>Why a change of members was refused or did not get on.</summary>
public sealed class MembershipException : Exception
{
    /// <summary>Creates the exception.</summary>
    public MembershipException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and the way out.</param>
    public MembershipException(string message) : base(message) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and the way out.</param>
    /// <param name="innerException">The cause.</param>
    public MembershipException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Whether <see cref="MembershipOptions.Force"/> would do it all the same.</summary>
    public bool CanBeForced { get; init; }
}
