using System.Net.Http.Json;

namespace Quorleans.Hosting;

/// <summary>Calls <see cref="AdminApi"/> of an embedded cluster in another process.</summary>
public sealed class NodeAdminClient : IDisposable
{
    private readonly HttpClient _http;

    /// <summary>Creates the client; nothing is sent yet.</summary>
    /// <param name="address">Such as <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="timeout">For each call; a graceful stop hands leaderships over first. Default: 30 s.</param>
    public NodeAdminClient(Uri address, TimeSpan? timeout = null)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = timeout ?? TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Add(AdminApi.Header, "1");
    }

    /// <summary>The nodes and what they are doing.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ClusterException">The other side refused.</exception>
    /// <exception cref="HttpRequestException">Nothing answers there.</exception>
    public async Task<IReadOnlyList<NodeReport>> ListAsync(CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _http.GetAsync(AdminApi.NodesPath, cancellationToken);
        return await ReadAsync<List<NodeReport>>(response, cancellationToken);
    }

    /// <summary>Stops a node and waits until it is down.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="abrupt">See <see cref="EmbeddedCluster.StopNodeAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ClusterException">The other side refused.</exception>
    /// <exception cref="HttpRequestException">Nothing answers there.</exception>
    public Task<NodeReport> StopAsync(string node, bool abrupt = false, CancellationToken cancellationToken = default) =>
        PostAsync($"{AdminApi.NodesPath}/{Uri.EscapeDataString(node)}/stop{(abrupt ? "?abrupt=true" : "")}", cancellationToken);

    /// <summary>Starts a node and waits until it is up.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ClusterException">The other side refused.</exception>
    /// <exception cref="HttpRequestException">Nothing answers there.</exception>
    public Task<NodeReport> StartAsync(string node, CancellationToken cancellationToken = default) =>
        PostAsync($"{AdminApi.NodesPath}/{Uri.EscapeDataString(node)}/start", cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<NodeReport> PostAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.PostAsync(new Uri(path, UriKind.Relative), content: null, cancellationToken);
        return await ReadAsync<NodeReport>(response, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        bool isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        if (response.IsSuccessStatusCode && isJson)
        {
            return await response.Content.ReadFromJsonAsync<T>(cancellationToken)
                ?? throw new ClusterException(ClusterError.WrongState, "The admin API answered null.");
        }

        string reason = isJson
            ? (await response.Content.ReadFromJsonAsync<AdminFailure>(cancellationToken))?.Error ?? "no reason given"
            : $"HTTP status {(int)response.StatusCode} without a reason; is this the HTTP port of a Quorleans silo?";
        throw new ClusterException(
            response.StatusCode == System.Net.HttpStatusCode.NotFound ? ClusterError.UnknownNode : ClusterError.WrongState, reason);
    }
}
