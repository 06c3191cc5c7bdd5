using Microsoft.Extensions.Logging;
using Quorleans.Grains.Raft;

namespace Quorleans.Hosting;

/// <summary>What a node that is a process of its own is made of.</summary>
public sealed record NodeProcessOptions
{
    /// <summary>The cluster.</summary>
    public required ClusterConfiguration Configuration { get; init; }

    /// <summary>Which of its nodes this one is.</summary>
    public required string Node { get; init; }

    /// <summary>How the node takes part in MapReduce jobs.</summary>
    public MapReduceOptions MapReduce { get; init; } = new();

    /// <summary>Changes how the node is driven, such as Raft's timers. Default: none.</summary>
    public Func<NodeServiceOptions, NodeServiceOptions>? ConfigureNode { get; init; }

    /// <summary>Adds to its silo, such as the dashboard.</summary>
    public Action<ISiloBuilder>? ConfigureSilo { get; init; }

    /// <summary>Sets up its logging. Default: none.</summary>
    public Action<ILoggingBuilder>? ConfigureLogging { get; init; }
}
