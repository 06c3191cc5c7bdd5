using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client;

/// <summary>A cluster that the client is connected to.</summary>
internal interface ICluster : IAsyncDisposable
{
    /// <summary>The store.</summary>
    IClerk Clerk { get; }

    /// <summary>On which nodes the groups have their replicas, and changes of that.</summary>
    IGroupAdministrator Members { get; }

    /// <summary>Reads a key from the replica of one node, leader or follower; linearizable all the same.</summary>
    /// <param name="node">The node, or <c>follower</c> for any that follows.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<GetResult> GetFromAsync(string node, byte[] key, CancellationToken cancellationToken);

    /// <summary>MapReduce jobs.</summary>
    IJobs Jobs { get; }

    /// <summary>Which groups there are, and which shards each one owns.</summary>
    IShardController Shards { get; }

    /// <summary>The shards of a group as one of its replicas has them.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="node">The replica's node.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when the replica does not answer.</returns>
    Task<IReadOnlyList<ShardReport>?> GetShardsAsync(string group, string node, CancellationToken cancellationToken);

    /// <summary>Asks every replica of every group for its state. One that does not answer in time is reported, not waited for.</summary>
    /// <returns>The reports, by group and node.</returns>
    Task<IReadOnlyList<ReplicaReport>> GetReplicasAsync(CancellationToken cancellationToken);

    /// <summary>Hands a group's leadership to a node.</summary>
    /// <returns>Null when the node leads now; otherwise why not, for a person.</returns>
    Task<string?> TransferLeadershipAsync(string group, string node, CancellationToken cancellationToken);
}
