using Quorleans.Raft;

namespace Quorleans.KeyValue.Store;

public sealed partial class KeyValueStateMachine
{
    private readonly ShardHandoff _handoff;
    private readonly ShardStatus[] _described;

    /// <summary>The group whose state it is.</summary>
    public GroupRef Self => _handoff.Self;

    /// <summary>Describes all shards, by number. On the thread that applies.</summary>
    public ShardStatus[] DescribeShards()
    {
        var statuses = new ShardStatus[_state.Shards.Length];
        for (int i = 0; i < statuses.Length; i++) statuses[i] = _handoff.Describe(_state, i);
        return statuses;
    }

    /// <summary>
    /// What drives hand-offs needs to know of all shards, by number: looked at after every step, so that for shards at rest what was said before is said again,
    /// although their keys, bytes and seals may be others by now. On the thread that applies.
    /// </summary>
    public ShardStatus[] DescribeMoves()
    {
        for (int i = 0; i < _described.Length; i++)
        {
            if (!IsAtRest(i, _described[i])) _described[i] = _handoff.Describe(_state, i);
        }

        return [.. _described];
    }

    /// <summary>Describes one shard. On the thread that applies.</summary>
    /// <param name="shard">Which.</param>
    public ShardStatus DescribeShard(ShardId shard) => _handoff.Describe(_state, shard.Value);

    private bool IsAtRest(int shard, ShardStatus? before)
    {
        ShardSlot slot = _state.Slots[shard];
        return before is not null && before.Phase == _state.Phases[shard] && before.Phase is ShardPhase.Absent or ShardPhase.Serving or ShardPhase.Released
            && before.Move == slot.Move && before.Aborted == slot.Aborted && before.Epoch == slot.Epoch && before.Owner == slot.Owner && before.OwnerEpoch == slot.OwnerEpoch;
    }

    private ReadOnlyMemory<byte> ApplyHandoff(in LogEntry entry, bool wantResult)
    {
        ValidationError error = HandoffCommand.Read(entry.Payload.Span, out HandoffCommand command);
        string? problem = error.IsError ? error.Message : _handoff.Check(command);
        Invariant.Check(problem is null, $"the committed entry {entry.Index} cannot be applied: {problem}");
        HandoffOutcome outcome = _handoff.Apply(_state, command, entry.Index.Value, entry.Time.Milliseconds);
        _state.Sweep(1, _limits.ResultRetentionMs);
        return wantResult ? new byte[] { KeyValueCodec.HandoffResult, KeyValueCodec.FirstVersion, (byte)outcome } : default;
    }

    private ReadOnlyMemory<byte> AnswerHandoff(ReadOnlyMemory<byte> payload)
    {
        ValidationError error = PullRequest.Read(payload, out PullRequest request);
        if (error.IsError) throw new ArgumentException(error.Message, nameof(payload));
        return _handoff.Answer(_state, request).Encode();
    }

    private string? ValidateHandoff(ReadOnlyMemory<byte> payload, bool isQuery)
    {
        if (isQuery) return PullRequest.Read(payload, out _).Message;
        ValidationError error = HandoffCommand.Read(payload.Span, out HandoffCommand command);
        return error.IsError ? error.Message : _handoff.Check(command);
    }
}
