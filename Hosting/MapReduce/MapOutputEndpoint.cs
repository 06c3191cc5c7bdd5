using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quorleans.Grains.MapReduce;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Hosting;

/// <summary>Serves map outputs by HTTP/1.1: Kestrel alone, without the rest of a web application. Any free port of the node's address.</summary>
/// <param name="address">The node's address.</param>
/// <param name="loggers">Where Kestrel reports.</param>
internal sealed class MapOutputEndpoint(IPAddress address, ILoggerFactory loggers) : IMapOutputEndpoint
{
    private readonly Lock _lock = new();
    private KestrelServer? _server;
    private Task? _stopped;

    /// <inheritdoc/>
    public async Task<string> StartAsync(MapOutputServer server, CancellationToken cancellationToken)
    {
        KestrelServerOptions options = new() { ApplicationServices = new ServiceCollection().AddSingleton(loggers).BuildServiceProvider(), AddServerHeader = false };
        options.Limits.MaxRequestBodySize = MapOutputRequest.MostBytes;
        options.Listen(address, 0, static listen => listen.Protocols = HttpProtocols.Http1);
        SocketTransportFactory sockets = new(Options.Create(new SocketTransportOptions()), loggers);
        KestrelServer kestrel = new(Options.Create(options), sockets, loggers);
        lock (_lock)
        {
            if (_stopped is not null) throw new OperationCanceledException("the node was stopped while it started");
            _server = kestrel;
        }

        await kestrel.StartAsync(new Application(server), cancellationToken).ConfigureAwait(false);
        return kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    /// <inheritdoc/>
    public Task StopAsync()
    {
        lock (_lock) return _stopped ??= StopAsync(_server);
    }

    private static async Task StopAsync(KestrelServer? server)
    {
        if (server is null) return;
        try
        {
            // Nobody waits for a graceful end: whoever fetches asks again for the rest, or elsewhere.
            await server.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // That is how it was called.
        }

        server.Dispose();
    }

    private sealed class Application(MapOutputServer server) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        public async Task ProcessRequestAsync(HttpContext context)
        {
            if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Path != MapOutputRequest.Path)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            // Its length is bounded by the server's limits.
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            MapOutputAnswer answer = server.Answer(context.Request.Headers.Authorization, body.GetBuffer().AsSpan(0, (int)body.Length), OffsetOf(context.Request.Headers.Range));
            context.Response.StatusCode = answer.Status;
            context.Response.ContentLength = answer.Bytes;
            await answer.SendAsync(context.Response.BodyWriter, context.RequestAborted).ConfigureAwait(false);
        }

        // The one form that is asked for: everything from a place on.
        private static long OffsetOf(string? range)
        {
            const string before = "bytes=";
            if (string.IsNullOrEmpty(range)) return 0;
            return range.StartsWith(before, StringComparison.Ordinal) && range.EndsWith('-')
                && long.TryParse(range.AsSpan(before.Length, range.Length - before.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long offset) ? offset : -1;
        }
    }
}
