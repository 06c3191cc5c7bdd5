namespace Quorleans.Client;

/// <summary>Connects to clusters.</summary>
internal interface IClusterConnector
{
    /// <summary>Connects, or throws <see cref="ClientException"/> soon when no gateway answers.</summary>
    Task<ICluster> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken);
}
