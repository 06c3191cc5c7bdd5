namespace Quorleans.KeyValue.Store;

internal sealed partial class ShardHandoff
{
    private HandoffOutcome BeginExport(StoreState state, ShardSlot slot, in ShardMove move, int attempt, long index)
    {
        int shard = move.Shard.Value;
        ShardPhase phase = state.Phases[shard];
        bool first = phase == ShardPhase.Serving && move.Id > slot.Move.Id && move.Epoch == slot.Epoch + 1;
        bool again = phase is ShardPhase.Exporting or ShardPhase.Frozen && move == slot.Move && attempt > slot.Attempt;
        if (!first && !again) return HandoffOutcome.Ignored;

        slot.Move = move;
        slot.Aborted = false;
        slot.Attempt = attempt;
        slot.Start = index;
        slot.Failures = 0;
        // A frozen shard is its own view: nothing changes it, so every replica, restarted or not, can export it.
        _views[shard] = phase == ShardPhase.Frozen ? null : new ExportView(state.Shards[shard].Clone(), attempt, sizes.BufferBytes);
        if (first) state.Phases[shard] = ShardPhase.Exporting;
        return HandoffOutcome.Done;
    }

    /// <remarks>The first of this and <see cref="Freeze"/> in the log wins, whoever proposed it and whatever the controller thought.</remarks>
    private HandoffOutcome AbortExport(StoreState state, ShardSlot slot, in ShardMove move)
    {
        int shard = move.Shard.Value;
        ShardPhase phase = state.Phases[shard];
        bool begun = phase == ShardPhase.Exporting && move == slot.Move;
        // A move that never began is fenced off, so that a late ExportBegin does not begin it.
        bool fence = phase == ShardPhase.Serving && move.Id > slot.Move.Id && move.Epoch == slot.Epoch + 1;
        if (!begun && !fence) return HandoffOutcome.Ignored;

        slot.Move = move;
        slot.Aborted = true;
        slot.Attempt = 0;
        slot.Start = 0;
        _views[shard] = null;
        state.Phases[shard] = ShardPhase.Serving;
        return HandoffOutcome.Done;
    }

    private static HandoffOutcome Freeze(StoreState state, ShardSlot slot, in ShardMove move, int attempt, long index, long nowMs)
    {
        int shard = move.Shard.Value;
        if (state.Phases[shard] != ShardPhase.Exporting || move != slot.Move || attempt != slot.Attempt) return HandoffOutcome.Ignored;
        state.Phases[shard] = ShardPhase.Frozen;
        slot.FreezeIndex = index;
        slot.FreezeTimeMs = nowMs;
        slot.Owner = move.To;
        slot.OwnerEpoch = move.Epoch;
        return HandoffOutcome.Done;
    }

    private HandoffOutcome Release(StoreState state, ShardSlot slot, in ShardMove move)
    {
        int shard = move.Shard.Value;
        if (state.Phases[shard] != ShardPhase.Frozen || move != slot.Move) return HandoffOutcome.Ignored;
        // Constant time whatever the size: the trees are dropped, not emptied.
        state.Shards[shard] = new Shard(move.Shard);
        state.Phases[shard] = ShardPhase.Released;
        slot.Attempt = 0;
        slot.Start = 0;
        slot.FreezeIndex = 0;
        slot.FreezeTimeMs = 0;
        _views[shard] = null;
        return HandoffOutcome.Done;
    }
}
