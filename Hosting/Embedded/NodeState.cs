namespace Quorleans.Hosting;

/// <summary>What a node of an embedded cluster is doing.</summary>
public enum NodeState
{
    /// <summary>Not running; it may be started.</summary>
    Stopped = 0,

    /// <summary>On its way up.</summary>
    Starting = 1,

    /// <summary>Its silo is a member of the cluster.</summary>
    Running = 2,

    /// <summary>On its way down.</summary>
    Stopping = 3,

    /// <summary>Orleans declared its silo dead though it lived, so it was stopped; it may be started again.</summary>
    Evicted = 4,

    /// <summary>It could not start; see <see cref="NodeStatus.Detail"/>.</summary>
    Failed = 5,

    /// <summary>It was removed from the cluster, and must not be started again.</summary>
    Removed = 6,
}
