using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>What a scan asks of one group: the keys of some shards. It travels as an operation of its own, which no caller sees.</summary>
internal sealed class ScanPart : ClerkOperation
{
    public ScanPart(ScanGather gather, GroupState group, byte[] shards)
        : base(gather.Scan.Scan!)
    {
        Whole = gather;
        Group = group;
        Shards = shards;
        ScanAfter = gather.Scan.ScanAfter;
        Bytes = gather.Scan.Bytes;
        DeadlineMs = gather.Scan.DeadlineMs;
    }

    /// <summary>The scan that it is a part of.</summary>
    public ScanGather Whole { get; }

    /// <summary>Whom it asks.</summary>
    public GroupState Group { get; }

    /// <summary>The shards that it asks for; no other live part of the scan asks for one of them.</summary>
    public byte[] Shards { get; }

    /// <summary>The keys that it read, of the shards that its group served.</summary>
    public ScanItems Items { get; set; }

    /// <summary>The last key that it read when there may be more behind it; else null.</summary>
    public ReadOnlyMemory<byte>? Continuation { get; set; }
}
