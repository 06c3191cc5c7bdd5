using Quorleans.Raft;

namespace Quorleans.KeyValue.Store;

internal sealed partial class ShardHandoff
{
    private static HandoffOutcome BeginImport(StoreState state, ShardSlot slot, in HandoffCommand command)
    {
        ShardMove move = command.Move;
        int shard = move.Shard.Value;
        ShardPhase phase = state.Phases[shard];
        bool isNext = move.Id > slot.Move.Id && move.Epoch > slot.Epoch && !move.From.IsNone;
        bool first = isNext && phase is ShardPhase.Absent or ShardPhase.Released or ShardPhase.Importing;
        bool again = phase == ShardPhase.Importing && move == slot.Move && command.Attempt > slot.Attempt;
        if (!(isNext && first) && !again) return HandoffOutcome.Ignored;

        if (!again) slot.Failures = 0;
        slot.Move = move;
        slot.Aborted = false;
        slot.Attempt = command.Attempt;
        slot.Start = command.Start;
        slot.Owner = move.From;
        slot.OwnerEpoch = move.Epoch - 1;
        slot.Import = new ShardImport(Shard.ForImport(move.Shard, command.Revision));
        state.Phases[shard] = ShardPhase.Importing;
        return HandoffOutcome.Done;
    }

    private static HandoffOutcome CancelImport(StoreState state, ShardSlot slot, in ShardMove move)
    {
        int shard = move.Shard.Value;
        ShardPhase phase = state.Phases[shard];
        if (phase is not (ShardPhase.Absent or ShardPhase.Released or ShardPhase.Importing)) return HandoffOutcome.Ignored;
        bool begun = phase == ShardPhase.Importing && move == slot.Move;
        if (!begun && move.Id <= slot.Move.Id) return HandoffOutcome.Ignored;

        slot.Move = move;
        slot.Attempt = 0;
        slot.Start = 0;
        slot.Import = null;
        if (phase == ShardPhase.Importing) state.Phases[shard] = ShardPhase.Released;
        return HandoffOutcome.Done;
    }

    private static HandoffOutcome ActivateEmpty(StoreState state, ShardSlot slot, in ShardMove move)
    {
        int shard = move.Shard.Value;
        bool isFirst = state.Phases[shard] == ShardPhase.Absent && move.Id > slot.Move.Id && move.From.IsNone && move.Epoch > slot.Epoch;
        if (!isFirst) return HandoffOutcome.Ignored;
        Serve(state, slot, move, new Shard(move.Shard));
        return HandoffOutcome.Done;
    }

    private static bool IsImporting(StoreState state, ShardSlot slot, in HandoffCommand command) =>
        state.Phases[command.Move.Shard.Value] == ShardPhase.Importing && command.Move == slot.Move
        && command.Attempt == slot.Attempt && command.Start == slot.Start && slot.Import is not null;

    private HandoffOutcome TakeChunk(ShardSlot slot, in HandoffCommand command)
    {
        ShardImport import = slot.Import!;
        if (import.IsCopied || command.Number != import.NextChunk) return HandoffOutcome.Ignored;
        if (!TakeParts(import, command.Content)) return Fail(slot);
        import.NextChunk++;
        import.Position = command.Position.ToArray();
        if (!command.IsLast) return HandoffOutcome.Done;
        if (import.PartKey is not null) return Fail(slot);
        import.IsCopied = true;
        import.Position = [];
        return HandoffOutcome.Done;
    }

    private HandoffOutcome TakeDelta(ShardSlot slot, in HandoffCommand command)
    {
        ShardImport import = slot.Import!;
        if (!import.IsCopied || command.From != import.Through) return HandoffOutcome.Ignored;
        return TakeOperations(import, command) ? HandoffOutcome.Done : Fail(slot);
    }

    private HandoffOutcome Activate(StoreState state, ShardSlot slot, in HandoffCommand command, long nowMs)
    {
        ShardImport import = slot.Import!;
        if (!import.IsCopied || command.From != import.Through) return HandoffOutcome.Ignored;
        // Deadlines that were over at the source must be over here.
        if (nowMs < command.TimeMs) return HandoffOutcome.TooEarly;
        if (!TakeOperations(import, command) || import.Shard.Seal != command.Seal) return Fail(slot);
        Serve(state, slot, command.Move, import.Shard);
        return HandoffOutcome.Done;
    }

    private static void Serve(StoreState state, ShardSlot slot, in ShardMove move, Shard shard)
    {
        state.Shards[move.Shard.Value] = shard;
        state.Phases[move.Shard.Value] = ShardPhase.Serving;
        slot.Move = move;
        slot.Aborted = false;
        slot.Epoch = move.Epoch;
        slot.Attempt = 0;
        slot.Start = 0;
        slot.Import = null;
        slot.Owner = GroupRef.None;
        slot.OwnerEpoch = 0;
    }

    /// <summary>
    /// The way out of a copy that is not what the source has: it is thrown away and counted, the shard stays importing, and the destination asks for the
    /// next attempt. If the source is frozen, that is a plain copy of its frozen state, without operations to be replayed.
    /// </summary>
    private static HandoffOutcome Fail(ShardSlot slot)
    {
        slot.Import = null;
        slot.Failures++;
        return HandoffOutcome.Failed;
    }

    private bool TakeOperations(ShardImport import, in HandoffCommand command)
    {
        var reader = new PayloadReader(command.Content);
        for (long i = command.From; i < command.To; i++)
        {
            long time = reader.Varint();
            ClientId client = reader.Client();
            WriteOperationView operation = default;
            string? problem = WriteBatchReader.ReadOperation(ref reader, ref operation);
            Invariant.Check(problem is null, $"a committed hand-off entry of {command.Move} is malformed: {problem}");
            if (shardFunction.Of(operation.Key) != import.Shard.Id) return false;
            import.Shard.Apply(client, operation, time, limits);
        }

        import.Through = command.To;
        return true;
    }

    private static string? CheckOperations(ReadOnlySpan<byte> content, long count)
    {
        var reader = new PayloadReader(content);
        for (long i = 0; i < count; i++)
        {
            reader.Varint();
            if (reader.Client().IsNone) return $"operation {i + 1} of {count} has no client";
            WriteOperationView operation = default;
            if (WriteBatchReader.ReadOperation(ref reader, ref operation) is { } problem) return $"operation {i + 1} of {count}: {problem}";
            if (operation.Key.IsEmpty) return $"operation {i + 1} of {count} has no key";
        }

        return reader.AtEnd ? null : $"{reader.Remaining} bytes follow its operations";
    }
}
