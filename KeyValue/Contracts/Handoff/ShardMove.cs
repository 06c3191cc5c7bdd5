namespace Quorleans.KeyValue;

/// <summary>
/// One change of a shard's owner, as the controller planned it. At most one per shard is under way, so of two moves of a shard the one
/// with the higher id was planned after the other one ended.
/// </summary>
/// <param name="Id">The index in the controller's log of the entry that planned it; one entry may plan a move for each of several shards.</param>
/// <param name="Shard">Which shard.</param>
/// <param name="From">Who owns it; nobody: the destination activates the empty shard.</param>
/// <param name="To">Who shall own it.</param>
/// <param name="Epoch">The shard's epoch at the destination: one more than at the source; 1 for the first owner.</param>
public readonly record struct ShardMove(long Id, ShardId Shard, GroupRef From, GroupRef To, long Epoch)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"move {Id} of shard {Shard} from {From} to {To} (epoch {Epoch})");
}

/// <summary>A move that is under way, as the newest configuration has it.</summary>
/// <param name="Move">The move.</param>
/// <param name="AbortWanted">
/// Whether it shall be given up if the source has not frozen the shard yet. Only the source's log decides: first of abort and freeze.
/// </param>
public readonly record struct MoveOrder(ShardMove Move, bool AbortWanted = false);

/// <summary>What a group's hand-off driver must know of the controller's newest configuration.</summary>
/// <param name="Index">The index in the controller's log at which it stood: of two views, the one with the higher index counts.</param>
/// <param name="Moves">The moves under way, of this group or of all, in any order.</param>
/// <param name="Epochs">Each shard's committed epoch, by shard number; 0: nobody owned it ever.</param>
public sealed record ControllerView(long Index, IReadOnlyList<MoveOrder> Moves, IReadOnlyList<long> Epochs);
