using System.Net;
using System.Net.Sockets;

namespace Quorleans.Hosting;

/// <summary>Finds and checks TCP ports.</summary>
internal static class LoopbackPorts
{
    /// <summary>Ports that nothing listens on now, all different.</summary>
    public static int[] FindFree(int count)
    {
        // All are held until the last is found, so that none is given twice.
        var held = new TcpListener[count];
        for (int i = 0; i < count; i++)
        {
            held[i] = new TcpListener(IPAddress.Loopback, 0);
            held[i].Start();
        }

        int[] ports = [.. held.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in held) listener.Dispose();
        return ports;
    }

    /// <summary>Refuses with a clear error when a node's port is taken; without this it comes out of the depths of a silo's start.</summary>
    /// <exception cref="ClusterException">Something listens there.</exception>
    public static void RequireFree(NodeOptions node)
    {
        Require(node, node.SiloPort, "silo");
        Require(node, node.GatewayPort, "gateway");
    }

    private static void Require(NodeOptions node, int port, string what)
    {
        using var probe = new TcpListener(node.Address, port);
        try
        {
            probe.Start();
        }
        catch (SocketException cause)
        {
            throw new ClusterException(ClusterError.PortInUse,
                $"Node '{node.Name}' cannot listen on {node.Address}:{port} (its {what} port): {cause.Message}. Stop what listens there, or choose another port.", cause);
        }
    }
}
