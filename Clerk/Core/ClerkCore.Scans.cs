using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>Scans: split over the groups that serve the shards, and put together again.</summary>
public sealed partial class ClerkCore
{
    private void Begin(ClerkOperation scan, long nowMs)
    {
        byte[] wanted = new byte[ShardBits.Size(_shards.Length)];
        if (_options.Shards.TryOfPrefix(scan.Scan!.Prefix.Span, out ShardId only))
        {
            ShardBits.Add(wanted, only);
        }
        else
        {
            for (int i = 0; i < _shards.Length; i++) ShardBits.Add(wanted, new ShardId(i));
        }

        scan.Gather = new ScanGather(scan, wanted, _limits);
        Split(scan, nowMs);
    }

    /// <summary>Sends for all shards that are missing, where somebody serves them. The others are looked at again after a pause.</summary>
    private void Split(ClerkOperation scan, long nowMs)
    {
        ScanGather gather = scan.Gather!;
        scan.State = OperationState.Split;
        foreach (GroupState group in _groups)
        {
            if (TakeShards(gather, group) is not { } shards) continue;
            ScanPart part = new(gather, group, shards);
            gather.Waiting.Add(part);
            Enqueue(part);
        }

        if (!gather.MissesAny) return;
        WantMap();
        scan.LastProblem = "some of its shards have no owner";
        PauseScan(scan, nowMs);
    }

    private byte[]? TakeShards(ScanGather gather, GroupState group)
    {
        byte[]? taken = null;
        for (int i = 0; i < _shards.Length; i++)
        {
            if (_shards[i].Group != group || !ShardBits.Contains(gather.Missing, new ShardId(i))) continue;
            taken ??= new byte[gather.Missing.Length];
            ShardBits.Add(taken, new ShardId(i));
        }

        if (taken is null) return null;
        for (int i = 0; i < taken.Length; i++) gather.Missing[i] &= (byte)~taken[i];
        return taken;
    }

    private bool IsOutdated(ScanPart part)
    {
        for (int i = 0; i < _shards.Length; i++)
            if (_shards[i].Group != part.Group && ShardBits.Contains(part.Shards, new ShardId(i))) return true;
        return false;
    }

    /// <summary>Some of a part's shards are elsewhere now, and it waits in a queue: others ask in its place.</summary>
    private void Dissolve(ScanPart part, long nowMs)
    {
        Drop(part);
        part.Whole.GiveBack(part);
        ClerkOperation scan = part.Whole.Scan;
        if (scan.State == OperationState.Split) Split(scan, nowMs);
    }

    private void Settle(ScanPart part, in OperationResult result, long nowMs)
    {
        Drop(part);
        ScanGather gather = part.Whole;
        ClerkOperation scan = gather.Scan;
        scan.Attempts += part.Attempts;
        if (!gather.Take(part, result))
        {
            // Nobody serves a shard while it changes hands. A parked scan is split anew soon.
            WantMap();
            scan.LastProblem = $"{part.Group.Name} does not serve all of its shards";
            if (scan.State == OperationState.Split) PauseScan(scan, nowMs);
        }
        else if (gather.IsComplete)
        {
            scan.ResultPage = gather.Merge();
            Complete(scan);
        }
    }

    private void PauseScan(ClerkOperation scan, long nowMs) => ParkUntil(scan, nowMs + ShardPause(++scan.Refusals));

    /// <summary>Takes a part out of whatever it stands in; an answer to it changes nothing any more.</summary>
    private void Drop(ScanPart part)
    {
        if (part.State == OperationState.Queued) part.Lane!.Queue.Remove(part);
        _parked.Remove(part);
        part.Current = null;
        part.State = OperationState.Done;
    }

    private void DropParts(ScanGather gather)
    {
        foreach (ScanPart part in gather.Waiting) Drop(part);
        gather.Waiting.Clear();
    }
}
