using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quorleans.KeyValue;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>Serves a node's peer port (see <see cref="PeerProtocol"/>): started before anything else, since the other nodes' starts depend on it.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    // The incarnation of the group, which is made once, when the cluster is created.
    private const long Incarnation = 1;
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);
    private readonly PeerClient _peers;
    private readonly Founding _founding;
    private WebApplication? _app;

    /// <summary>Creates the server; it does not listen yet.</summary>
    /// <param name="peers">Knows the cluster's name, and its id once there is one.</param>
    /// <param name="founding">The node's part in the cluster's creation.</param>
    public PeerServer(PeerClient peers, Founding founding) => (_peers, _founding) = (peers, founding);

    /// <summary>The node's replicas, once it is open.</summary>
    public RaftNode? Raft { get; set; }

    /// <summary>Starts to listen.</summary>
    /// <param name="node">This node.</param>
    /// <param name="logging">Sets up its logging; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The port is taken.</exception>
    public async Task StartAsync(ConfiguredNode node, Action<ILoggingBuilder>? logging, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "peer" });
        logging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = PeerProtocol.MaximumBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 8 << 10;
            kestrel.Limits.MaxConcurrentConnections = 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 256;
            kestrel.Listen(node.Address, node.Peer, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        _app = builder.Build();
        _app.Use(CheckAsync);
        _app.UseRouting();
        _app.MapPost(PeerProtocol.RaftPath, HandleRaftAsync);
        _app.MapPost(PeerProtocol.TablePath, HandleTableAsync);
        _app.MapGet(PeerProtocol.NodesPath, http => http.Response.Body.WriteAsync(KeyValue.Members.MembersCodec.Encode(_peers.Known), http.RequestAborted).AsTask());
        _app.MapGet(PeerProtocol.FoundingPath, http => http.Response.WriteAsJsonAsync(_founding.Report(), PeerProtocol.Json));
        _app.MapPost(PeerProtocol.FoundingPath, PrepareAsync);
        try
        {
            await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException cause) when (cause.InnerException is AddressInUseException)
        {
            throw new ClusterException(ClusterError.PortInUse,
                $"Node '{node.Name}' cannot listen on {new IPEndPoint(node.Address, node.Peer)}, its peer port: something else does. Stop it, or choose another port.", cause);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not { } app) return;
        using CancellationTokenSource patience = new(StopPatience);
        try
        {
            await app.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Peers see the connection go either way.
        }

        await app.DisposeAsync().ConfigureAwait(false);
    }

    // Whose request it is comes before what it wants.
    private Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        string version = http.Request.Headers[PeerProtocol.VersionHeader].ToString();
        if (ProtocolRange.TryParse(version) is not { } theirs || ProtocolRange.Own.Agree(theirs) is null)
            return RefuseAsync(http, StatusCodes.Status400BadRequest, "OtherProtocol",
                version.Length == 0 ? $"the request has no header {PeerProtocol.VersionHeader}" : $"who asks speaks protocol {version}; this node speaks {ProtocolRange.Own}. Upgrade the older of the two, by one version at a time");
        string cluster = http.Request.Headers[PeerProtocol.ClusterHeader].ToString();
        if (cluster != _peers.Configuration.Cluster)
            return RefuseAsync(http, StatusCodes.Status409Conflict, "OtherCluster", $"this node is in the cluster '{_peers.Configuration.Cluster}', not in '{cluster}'");
        string id = http.Request.Headers[PeerProtocol.ClusterIdHeader].ToString();
        if (id.Length > 0 && _peers.ClusterId is { } own && id != own.ToString())
            return RefuseAsync(http, StatusCodes.Status409Conflict, "OtherCluster", $"this node is in the cluster {own}, not in {id}");
        return next(http);
    }

    private async Task HandleRaftAsync(HttpContext http)
    {
        if (Raft is not { } raft)
        {
            await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, "Starting", "this node is still starting").ConfigureAwait(false);
            return;
        }

        if (await ReadAsync(http, PeerProtocol.MaximumBytes).ConfigureAwait(false) is not { } frame) return;
        try
        {
            await http.Response.Body.WriteAsync(await raft.HandleAsync(GroupNames.Members, frame).ConfigureAwait(false), http.RequestAborted).ConfigureAwait(false);
        }
        catch (RaftRefusedException refusal)
        {
            await RefuseAsync(http, StatusCodes.Status409Conflict, "Refused", refusal.Message).ConfigureAwait(false);
        }
    }

    private async Task HandleTableAsync(HttpContext http)
    {
        if (Raft is not { } raft)
        {
            await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, "Starting", _founding.Waiting is { } waiting ? $"this node waits: {waiting}" : "this node is still starting").ConfigureAwait(false);
            return;
        }

        if (await ReadAsync(http, KeyValue.Members.MembersLimits.MaxRequestBytes).ConfigureAwait(false) is not { } payload) return;
        Outcome outcome = http.Request.Query["query"] == "true"
            ? await raft.QueryAsync(GroupNames.Members, Incarnation, payload, isUrgent: true).ConfigureAwait(false)
            : await raft.ProposeAsync(GroupNames.Members, Incarnation, payload, isUrgent: true).ConfigureAwait(false);
        if (outcome.Status == OutcomeStatus.Ok)
        {
            http.Response.Headers[PeerProtocol.LogTimeHeader] = outcome.Time.Milliseconds.ToString(CultureInfo.InvariantCulture);
            await http.Response.Body.WriteAsync(outcome.Result, http.RequestAborted).ConfigureAwait(false);
            return;
        }

        if (outcome.Leader is { Length: > 0 } leader) http.Response.Headers[PeerProtocol.LeaderHeader] = leader;
        int status = outcome.Status switch
        {
            OutcomeStatus.NotLeader => StatusCodes.Status421MisdirectedRequest,
            OutcomeStatus.Invalid => StatusCodes.Status400BadRequest,
            _ => StatusCodes.Status503ServiceUnavailable,
        };
        string leads = outcome.Leader is { Length: > 0 } known ? $"{known} leads, as far as it knows" : "it knows no leader";
        await RefuseAsync(http, status, outcome.Status.ToString(), outcome.Error ?? leads).ConfigureAwait(false);
    }

    private async Task PrepareAsync(HttpContext http)
    {
        if (!Guid.TryParse(http.Request.Query["id"], out Guid id) || id == Guid.Empty)
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "Invalid", "the request names no cluster id").ConfigureAwait(false);
            return;
        }

        try
        {
            // It writes and syncs.
            await http.Response.WriteAsJsonAsync(await Task.Run(() => _founding.Prepare(id, http.Request.Query["by"].ToString())).ConfigureAwait(false), PeerProtocol.Json).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ClusterException or NodeDirectoryException or DiskException)
        {
            await RefuseAsync(http, StatusCodes.Status409Conflict, "Refused", e.Message).ConfigureAwait(false);
        }
    }

    // Null when it was too long, and that was answered.
    private static async Task<byte[]?> ReadAsync(HttpContext http, int most)
    {
        if (http.Request.ContentLength is not { } length || length > most)
        {
            await RefuseAsync(http, StatusCodes.Status413PayloadTooLarge, "TooLarge",
                http.Request.ContentLength is { } given ? $"the request has {given} bytes; the limit is {most}" : "the request does not say how long it is").ConfigureAwait(false);
            return null;
        }

        byte[] bytes = new byte[length];
        await http.Request.Body.ReadExactlyAsync(bytes, http.RequestAborted).ConfigureAwait(false);
        return bytes;
    }

    private static Task RefuseAsync(HttpContext http, int status, string code, string error)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new PeerFailure(code, error), PeerProtocol.Json);
    }
}
