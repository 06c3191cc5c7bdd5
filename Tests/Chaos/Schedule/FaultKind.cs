namespace Quorleans.Chaos;

/// <summary>What is done to a cluster.</summary>
internal enum FaultKind
{
    /// <summary><c>kill -9</c> of a process, and its start a while later.</summary>
    Kill,

    /// <summary><c>kill -9</c> of all processes that nothing else is done to, and their start.</summary>
    KillAll,

    /// <summary>SIGSTOP of a process for 3 to 20 s, and SIGCONT.</summary>
    Pause,

    /// <summary>SIGTERM of a process, and its start.</summary>
    Restart,

    /// <summary>The file system of a node's data is filled to its last byte, and emptied.</summary>
    DiskFull,

    /// <summary>Nothing passes between two nodes, a node and all others, or a node and the clients, for a while.</summary>
    Cut,

    /// <summary>The same in one direction only.</summary>
    CutOneWay,

    /// <summary>A group's leadership is handed to another node.</summary>
    Transfer,

    /// <summary>A group joins, leaves, or gets a shard.</summary>
    Shards,

    /// <summary>A group's replica is added, removed or replaced.</summary>
    Members,

    /// <summary>A MapReduce job.</summary>
    Job,
}
