using Microsoft.Extensions.Logging;
using Quorleans.Grains.Raft;

namespace Quorleans.Hosting;

/// <summary>What an embedded cluster is made of.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>The directory that holds the cluster's description and a directory for each node. Default: <c>data</c>.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>
    /// How many nodes, 1 to 9, named n1, n2, … It may grow from one start to the next: a new node has no replica until one is added. Default: as many as the data
    /// directory has, or 3 for a new one.
    /// </summary>
    public int? Nodes { get; init; }

    /// <summary>On how many nodes, from n1 on, a new cluster's group begins. Default: 3, or all nodes when there are fewer. Says nothing of a cluster that exists.</summary>
    public int? Replicas { get; init; }

    /// <summary>The TCP port between silos of the first node; the next ones follow. 0: any that are free. Default: 11111.</summary>
    public int SiloPort { get; init; } = 11111;

    /// <summary>The TCP port for clients of the first node; the next ones follow. 0: any that are free. Default: 30001.</summary>
    public int GatewayPort { get; init; } = 30001;

    /// <summary>Whether a node that Orleans evicted (it was paused or cut off) is started again by itself. Default: true.</summary>
    public bool RestartEvictedNodes { get; init; } = true;

    /// <summary>How the nodes take part in MapReduce jobs; the slots are for all of them together.</summary>
    public MapReduceOptions MapReduce { get; init; } = new();

    /// <summary>Changes how the nodes are driven, such as Raft's timers. Default: none.</summary>
    public Func<NodeServiceOptions, NodeServiceOptions>? ConfigureNode { get; init; }

    /// <summary>Adds to each silo, such as the dashboard; called with the node's name each time the node starts.</summary>
    public Action<string, ISiloBuilder>? ConfigureSilo { get; init; }

    /// <summary>Sets up the silos' logging. Default: none.</summary>
    public Action<ILoggingBuilder>? ConfigureLogging { get; init; }
}
