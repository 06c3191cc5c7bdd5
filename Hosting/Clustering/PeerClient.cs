using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>Sends requests to the peer ports of a cluster's nodes. Any thread may call.</summary>
public sealed class PeerClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly ClusterConfiguration _file;
    private readonly Lock _learning = new();
    private volatile ClusterConfiguration _now;
    private volatile NodesAnswer _known = NodesAnswer.None;

    /// <summary>Creates the client; nothing is sent yet.</summary>
    /// <param name="configuration">The cluster.</param>
    /// <param name="time">For time-outs.</param>
    public PeerClient(ClusterConfiguration configuration, TimeProvider time)
        : this(configuration, time, ProtocolRange.Own)
    {
    }

    /// <summary>Creates a client that speaks as another program would.</summary>
    internal PeerClient(ClusterConfiguration configuration, TimeProvider time, ProtocolRange protocol)
    {
        _file = _now = configuration;
        _time = time;
        // Not redirected, not through a proxy: a peer is where the configuration says.
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(1), EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(2), KeepAlivePingTimeout = TimeSpan.FromSeconds(2), MaxResponseDrainSize = 0,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = PeerProtocol.MaximumBytes,
        };
        _http.DefaultRequestHeaders.Add(PeerProtocol.VersionHeader, protocol.ToString());
        _http.DefaultRequestHeaders.Add(PeerProtocol.ClusterHeader, configuration.Cluster);
    }

    /// <summary>The cluster, as far as this process knows: with the nodes that were added, and without those that were removed.</summary>
    public ClusterConfiguration Configuration => _now;

    /// <summary>The cluster's id, once this process knows it: then every request bears it.</summary>
    public Guid? ClusterId { get; set; }

    /// <summary>Which nodes were added and removed, as far as this process knows.</summary>
    public NodesAnswer Known => _known;

    /// <summary>Takes in which nodes were added and removed. What is older than what is known changes nothing.</summary>
    public void Learn(NodesAnswer nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        lock (_learning)
        {
            if (nodes.Version <= _known.Version) return;
            (_known, _now) = (nodes, _file.With(nodes));
        }
    }

    /// <summary>A node by its name, or null.</summary>
    internal ConfiguredNode? TryFind(string node) => _now.Nodes.FirstOrDefault(known => known.Name == node);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request.</summary>
    /// <param name="node">To whom.</param>
    /// <param name="method">GET or POST.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="body">The body, or null.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer, if it is a good one.</returns>
    /// <exception cref="PeerException">Nobody answers there, or what answers refuses.</exception>
    internal async Task<PeerAnswer> SendAsync(ConfiguredNode node, HttpMethod method, string path, byte[]? body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using HttpRequestMessage request = new(method, new Uri(node.PeerUri, path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        if (ClusterId is { } id) request.Headers.Add(PeerProtocol.ClusterIdHeader, id.ToString());
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token).ConfigureAwait(false);
            string? leader = Header(response, PeerProtocol.LeaderHeader);
            if (!response.IsSuccessStatusCode) throw await FailureAsync(response, leader, either.Token).ConfigureAwait(false);
            byte[] bytes = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            _ = long.TryParse(Header(response, PeerProtocol.LogTimeHeader), out long time);
            return new PeerAnswer(bytes, time);
        }
        catch (OperationCanceledException cause) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PeerException("Timeout", $"no answer within {timeout.TotalSeconds:0.#} s", null, cause);
        }
        // A connection that breaks just when it is made shows as it is.
        catch (Exception cause) when (cause is HttpRequestException or SocketException)
        {
            throw new PeerException("Unreachable", cause.InnerException is SocketException socket ? socket.Message : cause.Message, null, cause);
        }
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static async Task<PeerException> FailureAsync(HttpResponseMessage response, string? leader, CancellationToken cancellationToken)
    {
        PeerFailure? failure = null;
        try
        {
            if (response.Content.Headers.ContentType?.MediaType == "application/json")
                failure = await response.Content.ReadFromJsonAsync<PeerFailure>(PeerProtocol.Json, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            // Whatever it is, it is no peer.
        }

        return new PeerException(failure?.Code ?? "NoPeer", failure?.Error ?? $"HTTP status {(int)response.StatusCode} without a reason; is this a peer port of Quorleans?", leader, null);
    }
}

/// <summary>A peer's answer.</summary>
/// <param name="Bytes">The body.</param>
/// <param name="LogTimeMs">The group's log time, when the request was for the table.</param>
internal readonly record struct PeerAnswer(byte[] Bytes, long LogTimeMs);

/// <summary>A peer cannot be reached, or refuses.</summary>
/// <param name="code">See <see cref="PeerFailure"/>; <c>Timeout</c>, <c>Unreachable</c> or <c>NoPeer</c> when no peer said so.</param>
/// <param name="message">For a person.</param>
/// <param name="leader">The node that leads the group, as far as the peer knows.</param>
/// <param name="cause">What is behind it.</param>
internal sealed class PeerException(string code, string message, string? leader, Exception? cause) : Exception(message, cause)
{
    public string Code { get; } = code;

    public string? Leader { get; } = leader;
}
