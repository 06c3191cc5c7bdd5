using System.Net.Sockets;
using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>Reaches an embedded cluster's process over HTTP.</summary>
internal sealed class HttpNodeAdmin(Endpoint endpoint) : INodeAdmin, IDisposable
{
    private readonly NodeAdminClient _client = new(new Uri($"http://{endpoint}"));

    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeReport>> ListAsync(CancellationToken cancellationToken) =>
        ExplainAsync(() => _client.ListAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<NodeReport> StopAsync(string node, bool abrupt, CancellationToken cancellationToken) =>
        ExplainAsync(() => _client.StopAsync(node, abrupt, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<NodeReport> StartAsync(string node, CancellationToken cancellationToken) =>
        ExplainAsync(() => _client.StartAsync(node, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<T> ExplainAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (ClusterException e)
        {
            throw new ClientException(e.Message, e);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            throw new ClientException(
                $"no Quorleans silo answers at http://{endpoint}; start one with: dotnet run -c Release --project Silo, or name its port with --http", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ClientException($"http://{endpoint} did not answer in time; see: node list", e);
        }
    }
}
