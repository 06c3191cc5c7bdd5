using System.Collections.Immutable;
using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// The shard controller: which groups there are, on which nodes, and which shards each one shall own. A command is done when it returns; the moves that follow from
/// it go on by themselves, live, and show in <see cref="GetMapAsync"/>.
/// </summary>
public interface IShardController
{
    /// <summary>Takes new groups in and spreads the shards evenly, with as few moves as possible.</summary>
    /// <param name="groups">The groups and their nodes.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent may still happen.</param>
    /// <exception cref="ShardControllerException">It was refused, or its outcome is not known.</exception>
    Task<ControllerResult> JoinAsync(ImmutableArray<JoiningGroup> groups, CancellationToken cancellationToken = default);

    /// <summary>Lets groups go; their shards are spread over the others.</summary>
    /// <inheritdoc cref="JoinAsync"/>
    Task<ControllerResult> LeaveAsync(ImmutableArray<int> gids, CancellationToken cancellationToken = default);

    /// <summary>Gives one shard to a group, until the shards are spread anew.</summary>
    /// <inheritdoc cref="JoinAsync"/>
    Task<ControllerResult> MoveAsync(ShardId shard, int gid, CancellationToken cancellationToken = default);

    /// <summary>Spreads the shards anew over the groups there are.</summary>
    /// <inheritdoc cref="JoinAsync"/>
    Task<ControllerResult> RebalanceAsync(CancellationToken cancellationToken = default);

    /// <summary>A numbered configuration.</summary>
    /// <param name="number">Its number; -1 for the newest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardControllerException">The controller does not answer.</exception>
    Task<ConfigurationAnswer> QueryAsync(long number = ConfigurationQuery.Newest, CancellationToken cancellationToken = default);

    /// <summary>Who owns what now, and what is on its way.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardControllerException">The controller does not answer.</exception>
    Task<ShardMap> GetMapAsync(CancellationToken cancellationToken = default);

    /// <summary>What a command would do, without doing it.</summary>
    /// <param name="command">A Join, Leave, Move or Rebalance.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardControllerException">The controller does not answer.</exception>
    Task<PlanAnswer> PlanAsync(ControllerCommand command, CancellationToken cancellationToken = default);
}
