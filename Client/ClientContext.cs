namespace Quorleans.Client;

/// <summary>What the commands of one process share. Tests put their own parts in.</summary>
internal sealed class ClientContext
{
    /// <summary>Where commands write.</summary>
    public required ClientOutput Output { get; init; }

    /// <summary>Connects to clusters.</summary>
    public required IClusterConnector Connector { get; init; }

    /// <summary>Reaches the process of an embedded cluster.</summary>
    public required Func<Endpoint, INodeAdmin> NodeAdmin { get; init; }

    /// <summary>Builds the cluster of a demonstration.</summary>
    public required Func<IDemoCluster> DemoCluster { get; init; }

    /// <summary>Opens standard input for a command that asks for it; null while it is the script that is being run.</summary>
    public Func<Stream>? Input { get; set; } = Console.OpenStandardInput;

    /// <summary>The clock; monotonic times of it are in histories.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The options that every command takes.</summary>
    public GlobalOptions Options { get; } = new();
}
