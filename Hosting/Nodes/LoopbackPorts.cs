using System.Net;
using System.Net.Sockets;

namespace Quorleans.Hosting;

/// <summary>Finds and checks TCP ports.</summary>
public static class LoopbackPorts
{
    // Below the range from which systems take the ports of outgoing connections: such a connection must not take one away before its silo listens, as once happened.
    // Above the default ports of silos.
    private const int First = 12_000, Last = 20_000;

    /// <summary>Ports that nothing listens on now, all different.</summary>
    internal static int[] FindFree(int count)
    {
        // All are held until the last is found, so that none is given twice.
        var held = new TcpListener[count];
        for (int i = 0; i < count; i++)
        {
            held[i] = Listen();
        }

        int[] ports = [.. held.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in held) listener.Dispose();
        return ports;
    }

    private static TcpListener Listen()
    {
        for (int attempt = 0; ; attempt++)
        {
            // Where nearly all are taken, whichever the system has.
            TcpListener listener = new(IPAddress.Loopback, attempt < 1000 ? Random.Shared.Next(First, Last) : 0);
            try
            {
                listener.Start();
                return listener;
            }
            catch (SocketException) when (attempt < 1000)
            {
                listener.Dispose();
            }
        }
    }

    /// <summary>Refuses with a clear error when a port is taken; without this it comes out of the depths of a start, and late.</summary>
    /// <param name="address">Where it shall listen.</param>
    /// <param name="port">The port.</param>
    /// <param name="what">Who wants it, and what for; begins the error's sentence.</param>
    /// <exception cref="ClusterException">Something listens there.</exception>
    public static void RequireFree(IPAddress address, int port, string what)
    {
        using var probe = new TcpListener(address, port);
        try
        {
            probe.Start();
        }
        catch (SocketException cause)
        {
            throw new ClusterException(ClusterError.PortInUse,
                $"{what} cannot listen on {address}:{port}: {cause.Message}. Stop what listens there, or choose another port.", cause);
        }
    }

    internal static void RequireFree(NodeOptions node)
    {
        RequireFree(node.Address, node.SiloPort, $"The silo of node '{node.Name}'");
        RequireFree(node.Address, node.GatewayPort, $"The gateway of node '{node.Name}'");
    }
}
