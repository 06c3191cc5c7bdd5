using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Quorleans.Hosting;

/// <summary>All TCP connections of one silo, so that they can be cut at once, as the death of a process would.</summary>
internal sealed class NodeConnections
{
    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = new(ReferenceEqualityComparer.Instance);
    private volatile bool _cut;

    public int Count => _open.Count;

    public void AttachTo(ISiloBuilder silo)
    {
        silo.Services.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloInboundConnection(Track);
            options.ConfigureSiloOutboundConnection(Track);
            options.ConfigureGatewayInboundConnection(Track);
        });
    }

    /// <summary>Aborts every connection, and from now on every new one.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (ConnectionContext connection in _open.Keys) Abort(connection);
    }

    private void Track(IConnectionBuilder builder) => builder.Use(next => async connection =>
    {
        _open.TryAdd(connection, 0);
        try
        {
            // After it is in the book, so that a cut at the same time sees it here or there.
            if (_cut) Abort(connection);
            else await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    });

    private static void Abort(ConnectionContext connection) => connection.Abort(new ConnectionAbortedException("The node was stopped abruptly."));
}
