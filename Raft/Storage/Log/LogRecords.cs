using System.Buffers.Binary;
using System.Text;

namespace Quorleans.Raft.Storage;

/// <summary>What a record says. The numbers stand in log files.</summary>
internal enum RecordType : byte
{
    /// <summary>A group gets its number in this log: incarnation 8, self 4, name (1 + n), initial membership (4 + n).</summary>
    Open = 1,

    /// <summary>A group is gone, with all it had.</summary>
    Remove = 2,

    /// <summary>Term 8, vote 4, commit 8.</summary>
    HardState = 3,

    /// <summary>First index 8, count 4, entries; they supersede everything at and after the first.</summary>
    Entries = 4,

    /// <summary>The same form; they stand in the log already and are only written again, further on.</summary>
    Rewrite = 5,

    /// <summary>Index 8, term 8, time 8, file (1 + n), membership (4 + n). Flag 1: installed.</summary>
    Snapshot = 6,

    /// <summary>First record of an opening; its group field is the next free group number: oldest live generation 8, previous generation 8, groups 4.</summary>
    Segment = 7,
}

/// <summary>
/// Writes records straight into a batch. Each begins with type 1, flags 1, zero 2, group number 4; all little-endian. An entry is
/// term 8, time 8, kind 1, payload (4 + n).
/// </summary>
internal static class LogRecords
{
    internal const int HeadBytes = 8;
    internal const int EntriesHeadBytes = HeadBytes + 12;
    internal const int EntryBytes = 21;
    internal const int HardStateBytes = HeadBytes + 20;
    internal const byte InstalledFlag = 1;

    internal static void WriteSegment(BatchBuffer batch, int nextGroup, long oldestLive, long previousGeneration, int groups)
    {
        Span<byte> at = Begin(batch, RecordType.Segment, nextGroup, HeadBytes + 20);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], oldestLive);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], previousGeneration);
        BinaryPrimitives.WriteInt32LittleEndian(at[24..], groups);
    }

    internal static void WriteOpen(BatchBuffer batch, int number, GroupId id, MemberId self, Membership initial)
    {
        int name = Encoding.UTF8.GetByteCount(id.Name);
        int membership = MembershipCodec.EncodedLength(initial);
        Span<byte> at = Begin(batch, RecordType.Open, number, HeadBytes + 8 + 4 + 1 + name + 4 + membership);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], id.Incarnation);
        BinaryPrimitives.WriteInt32LittleEndian(at[16..], self.Value);
        at[20] = (byte)name;
        Encoding.UTF8.GetBytes(id.Name, at[21..]);
        BinaryPrimitives.WriteInt32LittleEndian(at[(21 + name)..], membership);
        MembershipCodec.Encode(initial, at[(25 + name)..]);
    }

    internal static void WriteRemove(BatchBuffer batch, int number) => Begin(batch, RecordType.Remove, number, HeadBytes);

    internal static void WriteHardState(BatchBuffer batch, int number, in HardState state)
    {
        Span<byte> at = Begin(batch, RecordType.HardState, number, HardStateBytes);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], state.Term.Value);
        BinaryPrimitives.WriteInt32LittleEndian(at[16..], state.Vote.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[20..], state.Commit.Value);
    }

    internal static void WriteSnapshot(BatchBuffer batch, int number, SnapshotMetadata snapshot, string file, bool installed)
    {
        int name = Encoding.UTF8.GetByteCount(file);
        int membership = MembershipCodec.EncodedLength(snapshot.Membership);
        Span<byte> at = Begin(batch, RecordType.Snapshot, number, HeadBytes + 24 + 1 + name + 4 + membership);
        if (installed) at[1] = InstalledFlag;
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], snapshot.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], snapshot.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[24..], snapshot.Time.Milliseconds);
        at[32] = (byte)name;
        Encoding.UTF8.GetBytes(file, at[33..]);
        BinaryPrimitives.WriteInt32LittleEndian(at[(33 + name)..], membership);
        MembershipCodec.Encode(snapshot.Membership, at[(37 + name)..]);
    }

    internal static void WriteEntries(BatchBuffer batch, RecordType type, int number, ReadOnlySpan<LogEntry> entries)
    {
        long bytes = EntriesHeadBytes;
        foreach (ref readonly LogEntry entry in entries) bytes += EntryBytes + entry.Payload.Length;
        Invariant.Check(bytes <= BatchBuffer.MaximumBytes, $"A log record of {bytes} bytes.");
        Span<byte> at = Begin(batch, type, number, (int)bytes);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], entries[0].Index.Value);
        BinaryPrimitives.WriteInt32LittleEndian(at[16..], entries.Length);
        at = at[EntriesHeadBytes..];
        foreach (ref readonly LogEntry entry in entries)
        {
            ReadOnlySpan<byte> payload = entry.Payload.Span;
            BinaryPrimitives.WriteInt64LittleEndian(at, entry.Term.Value);
            BinaryPrimitives.WriteInt64LittleEndian(at[8..], entry.Time.Milliseconds);
            at[16] = (byte)entry.Kind;
            BinaryPrimitives.WriteInt32LittleEndian(at[17..], payload.Length);
            payload.CopyTo(at[EntryBytes..]);
            at = at[(EntryBytes + payload.Length)..];
        }
    }

    private static Span<byte> Begin(BatchBuffer batch, RecordType type, int number, int bytes)
    {
        Span<byte> at = batch.Take(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(at, 0);
        at[0] = (byte)type;
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], number);
        return at;
    }
}
