using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>Batches: sent when idle, gathered while one is in flight.</summary>
public sealed partial class ClerkCore
{
    // By then what a call costs by itself is a fraction of what its operations cost.
    private const int SmallCall = 64;

    private readonly List<ClerkOperation> _batch = [];

    private readonly List<NodeGate> _gates = [];

    // What more than one batch at a time is good for, that the disks need not wait for an answer's way, other batches do as well: the groups share
    // their nodes' logs. Then one batch of twice the size is cheaper.
    private bool CanSend(GroupState group, Lane lane)
    {
        if (!_options.Batching) return !group.Locator.IsSuspect;
        if (lane.InFlight >= _options.MaxBatchesInFlight) return false;
        if (lane.Kind != AttemptKind.Write) return lane.InFlight == 0 || ReadsInFlight() < _options.MaxBatchesInFlight;
        return CanJoin(lane, GateOf(group.Locator.Leader!)) || CanCall(GateOf(group.Locator.Leader!));
    }

    private static bool CanJoin(Lane lane, NodeGate gate) => gate.Current is { } call && lane.LastCall != call;

    // Each node that leads has a call on its way, and where one node leads all, as many as there may be batches. Where much is to do, more calls than that must be worth it: the more nodes
    // lead, the fewer operations wait for each of them, and it is calls that cost. So a small one waits until another is answered, and the fullest goes first.
    private bool CanCall(NodeGate gate)
    {
        int calls = 0, operations = 0, fullest = 0;
        foreach (NodeGate other in _gates)
        {
            calls += other.Holding;
            operations += other.HoldingOperations;
            if (other.Holding == 0) fullest = Math.Max(fullest, other.Waiting);
        }

        bool isFree = calls < _options.MaxBatchesInFlight;
        if (operations < SmallCall) return isFree || gate.Holding == 0;
        if (gate.Holding > 0) return isFree && fullest == 0;
        return gate.Waiting >= SmallCall || (isFree && gate.Waiting == fullest);
    }

    private void CountWaiting()
    {
        foreach (NodeGate gate in _gates) gate.Waiting = 0;
        foreach (GroupState group in _groups)
            if (group.Writes.Queue.Count > 0 && group.Locator.Leader is { } leader) GateOf(leader).Waiting += group.Writes.Queue.Count;
    }

    private int ReadsInFlight()
    {
        int sum = 0;
        foreach (GroupState group in _groups) sum += group.Reads.InFlight;
        return sum;
    }

    private NodeGate GateOf(Replica replica)
    {
        if (replica.Gate is { } known) return known;
        foreach (NodeGate gate in _gates)
            if (gate.Node == replica.Node) return replica.Gate = gate;
        _gates.Add(replica.Gate = new NodeGate(replica.Node));
        return replica.Gate;
    }

    private void PassGate(Lane lane, ClerkAttempt attempt, long nowMs)
    {
        NodeGate gate = GateOf(attempt.Replica);
        attempt.Call = lane.LastCall = CanJoin(lane, gate) ? gate.Current! : gate.Begin(nowMs);
        gate.Add(attempt.Call, attempt);
    }

    private void Flush(GroupState group, Lane lane, long nowMs)
    {
        if (lane.Queue.Head is null || group.Locator.Leader is not { } leader || lane.NotBeforeMs > nowMs) return;
        while (lane.Queue.Head is not null && CanSend(group, lane))
        {
            byte[] payload = lane.Kind == AttemptKind.Write ? GatherWrites(group, lane) : GatherReads(lane);
            ClerkOperation[] operations = _batch.ToArray();
            _batch.Clear();
            ClerkAttempt attempt = new(++_lastAttempt, lane.Kind, group, leader, payload, operations, nowMs);
            foreach (ClerkOperation operation in operations)
            {
                operation.State = OperationState.InFlight;
                operation.Current = attempt;
                operation.OpenAttempts++;
                operation.Attempts++;
            }

            group.Await(attempt);
            if (_options.Batching && lane.Kind == AttemptKind.Write) PassGate(lane, attempt, nowMs);
            Effects.Sends.Add(attempt);
        }
    }

    private byte[] GatherWrites(GroupState group, Lane lane)
    {
        _writeBuilder.Begin(_client);
        int bytes = 0;
        while (Next(lane, bytes) is { } operation)
        {
            // While no attempt is open, nothing was promised by the deadline before: it may be told anew, in this group's time.
            if (operation.OpenAttempts == 0) operation.LogDeadlineMs = group.ToLogDeadline(operation.DeadlineMs);
            WriteOperation write = new()
            {
                Kind = operation.Kind,
                Sequence = operation.Sequence,
                Floor = operation.Shard!.Session.Floor,
                DeadlineMs = operation.LogDeadlineMs,
                Key = operation.Key,
                Value = operation.Value,
                ExpectedVersion = operation.ExpectedVersion,
            };
            if (!_writeBuilder.TryAdd(write)) break;
            bytes += Take(lane, operation);
        }

        return _writeBuilder.ToArray();
    }

    private byte[] GatherReads(Lane lane)
    {
        _readBuilder.Begin();
        int bytes = 0;
        while (Next(lane, bytes) is { } operation)
        {
            ReadOperation read = operation switch
            {
                { Transaction: not null } => ReadOperation.Transaction(operation.Key, operation.Value),
                { Scan: { } scan } => ReadOperation.Scan(scan.Prefix, scan.From, scan.To, operation.ScanAfter, scan.Limit, ShardsOf((ScanPart)operation)),
                _ => ReadOperation.Get(operation.Key),
            };
            if (!_readBuilder.TryAdd(read)) break;
            bytes += Take(lane, operation);
        }

        return _readBuilder.ToArray();
    }

    // Where one group is all there is, it is asked for all: a shorter message.
    private ReadOnlyMemory<byte> ShardsOf(ScanPart part)
    {
        for (int i = 0; i < _shards.Length; i++)
            if (!ShardBits.Contains(part.Shards, new ShardId(i))) return part.Shards;
        return default;
    }

    private ClerkOperation? Next(Lane lane, int bytes)
    {
        ClerkOperation? next = lane.Queue.Head;
        if (next is null || _batch.Count == 0) return next;
        if (!_options.Batching || next.Alone || _batch[0].Alone) return null;
        return _batch.Count < _options.MaxBatchOperations && bytes + next.Bytes <= _options.MaxBatchBytes ? next : null;
    }

    private int Take(Lane lane, ClerkOperation operation)
    {
        lane.Queue.Remove(operation);
        _batch.Add(operation);
        return operation.Bytes;
    }
}
