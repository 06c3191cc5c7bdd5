using Quorleans.MapReduce.Tasks;

namespace Quorleans.Grains.MapReduce;

/// <summary>Where trackers of other machines fetch a node's map outputs: bulk bytes, which stay away from the connections that carry Raft and membership.</summary>
public interface IMapOutputEndpoint
{
    /// <summary>Begins to listen.</summary>
    /// <param name="server">Answers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The address, such as <c>http://10.0.0.1:40123</c>.</returns>
    Task<string> StartAsync(MapOutputServer server, CancellationToken cancellationToken);

    /// <summary>Cuts all connections and listens no more.</summary>
    Task StopAsync();
}
