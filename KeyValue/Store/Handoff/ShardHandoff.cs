namespace Quorleans.KeyValue.Store;

/// <summary>
/// The hand-off of shards (DESIGN: copy, chase, freeze, activate, release) as rules on the replicated state. Every step checks the move, the
/// attempt and where the shard stands, so that late, repeated and reordered ones change nothing.
/// </summary>
/// <param name="self">The group whose state it is.</param>
/// <param name="shardFunction">The cluster's shard function.</param>
/// <param name="limits">The cluster's limits.</param>
/// <param name="sizes">How large the steps are.</param>
internal sealed partial class ShardHandoff(GroupRef self, ShardFunction shardFunction, KeyValueLimits limits, HandoffLimits sizes)
{
    /// <summary>What this replica can export; not replicated.</summary>
    private readonly ExportView?[] _views = new ExportView?[shardFunction.ShardCount];

    /// <summary>The attempts that destinations called failed; not replicated.</summary>
    private readonly int[] _failed = new int[shardFunction.ShardCount];

    /// <summary>The group whose state it is.</summary>
    public GroupRef Self { get; } = self;

    /// <summary>Forgets what is not replicated: the state was replaced.</summary>
    public void Reset()
    {
        Array.Clear(_views);
        Array.Clear(_failed);
    }

    /// <summary>Applies a step.</summary>
    /// <param name="state">The state.</param>
    /// <param name="command">The step; its shape and content were checked.</param>
    /// <param name="index">The entry's index.</param>
    /// <param name="nowMs">The entry's log time.</param>
    public HandoffOutcome Apply(StoreState state, in HandoffCommand command, long index, long nowMs)
    {
        ShardMove move = command.Move;
        int shard = move.Shard.Value;
        if ((uint)shard >= (uint)state.Slots.Length) return HandoffOutcome.Ignored;
        bool isSource = command.Kind <= HandoffKind.Release;
        if (Self != (isSource ? move.From : move.To)) return HandoffOutcome.Ignored;

        ShardSlot slot = state.Slots[shard];
        switch (command.Kind)
        {
            case HandoffKind.ExportBegin:
                return BeginExport(state, slot, move, command.Attempt, index);
            case HandoffKind.ExportAbort:
                return AbortExport(state, slot, move);
            case HandoffKind.Freeze:
                return Freeze(state, slot, move, command.Attempt, index, nowMs);
            case HandoffKind.Release:
                return Release(state, slot, move);
            case HandoffKind.ImportBegin:
                return BeginImport(state, slot, command);
            case HandoffKind.ImportCancel:
                return CancelImport(state, slot, move);
            case HandoffKind.ActivateEmpty:
                return ActivateEmpty(state, slot, move);
            case HandoffKind.ImportChunk:
                return IsImporting(state, slot, command) ? TakeChunk(slot, command) : HandoffOutcome.Ignored;
            case HandoffKind.ImportDelta:
                return IsImporting(state, slot, command) ? TakeDelta(slot, command) : HandoffOutcome.Ignored;
            default:
                return IsImporting(state, slot, command) ? Activate(state, slot, command, nowMs) : HandoffOutcome.Ignored;
        }
    }

    /// <summary>Checks the shape of a step's content before it is logged.</summary>
    /// <param name="command">The step.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public string? Check(in HandoffCommand command)
    {
        if (command.Move.Shard.Value >= shardFunction.ShardCount)
            return $"Shard {command.Move.Shard} is not one of the {shardFunction.ShardCount} that there are.";
        string? problem = command.Kind switch
        {
            HandoffKind.ImportChunk => CheckChunk(command.Content),
            HandoffKind.ImportDelta or HandoffKind.Activate => CheckOperations(command.Content, command.To - command.From),
            _ => null,
        };
        return problem is null ? null : $"The hand-off command {command.Kind} is malformed: {problem}.";
    }

    /// <summary>Keeps an operation on an exported shard for the destination.</summary>
    public void Record(int shard, long timeMs, ClientId client, ReadOnlySpan<byte> operation)
    {
        if (_views[shard] is { } view && !view.Record(timeMs, client, operation)) _views[shard] = null;
    }

    /// <summary>Where clients find a shard that is not served here.</summary>
    public void Refuse(StoreState state, int shard, ResultBatchBuilder results)
    {
        ShardSlot slot = state.Slots[shard];
        if (state.Phases[shard] == ShardPhase.Frozen)
            results.AddOwner(OperationStatus.Moving, new OwnerHint(slot.Owner.Gid, slot.OwnerEpoch, sizes.MovingRetryMs));
        else if (slot.Owner.IsNone)
            results.Add(OperationStatus.WrongShard, 0);
        else
            results.AddOwner(OperationStatus.WrongShard, new OwnerHint(slot.Owner.Gid, slot.OwnerEpoch, 0));
    }
}
