using System.Net;
using System.Net.Sockets;

namespace Quorleans.Tests.Shared.Processes;

/// <summary>Finds TCP ports for processes.</summary>
internal static class Ports
{
    // Below the range from which systems take the ports of outgoing connections: nobody takes one away between two starts of a silo.
    private const int First = 20_000, Last = 30_000;

    /// <summary>Ports that follow each other and that nothing listens on now.</summary>
    /// <returns>The first.</returns>
    public static int FindRun(int count)
    {
        while (true)
        {
            int first = Random.Shared.Next(First, Last);
            if (Enumerable.Range(first, count).All(IsFree)) return first;
        }
    }

    private static bool IsFree(int port)
    {
        using TcpListener probe = new(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
