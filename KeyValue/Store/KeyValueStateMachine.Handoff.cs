using Quorleans.Raft;

namespace Quorleans.KeyValue.Store;

public sealed partial class KeyValueStateMachine
{
    private readonly ShardHandoff _handoff;

    /// <summary>The group whose state it is.</summary>
    public GroupRef Self => _handoff.Self;

    /// <summary>Describes all shards, by number. On the thread that applies.</summary>
    public ShardStatus[] DescribeShards()
    {
        var statuses = new ShardStatus[_state.Shards.Length];
        for (int i = 0; i < statuses.Length; i++) statuses[i] = _handoff.Describe(_state, i);
        return statuses;
    }

    /// <summary>Describes one shard. On the thread that applies.</summary>
    /// <param name="shard">Which.</param>
    public ShardStatus DescribeShard(ShardId shard) => _handoff.Describe(_state, shard.Value);

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
        return _handoff.Answer(_state, request).ToArray();
    }

    private string? ValidateHandoff(ReadOnlyMemory<byte> payload, bool isQuery)
    {
        if (isQuery) return PullRequest.Read(payload, out _).Message;
        ValidationError error = HandoffCommand.Read(payload.Span, out HandoffCommand command);
        return error.IsError ? error.Message : _handoff.Check(command);
    }
}
