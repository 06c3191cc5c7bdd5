using Quorleans.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>An entry that some member knew to be committed: there is one at each index, for ever.</summary>
/// <param name="Term">Its term.</param>
/// <param name="CommittedIn">The lowest term of a member that was seen to know it committed.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Payload">A hash of its payload.</param>
internal record struct Chosen(Term Term, Term CommittedIn, EntryKind Kind, ulong Payload)
{
    /// <summary>The state machine's digest behind it, once somebody has applied it.</summary>
    internal UInt128? Digest { get; set; }
}

/// <summary>What was seen of a node last.</summary>
internal struct Seen
{
    internal int Life;
    internal Term Term;
    internal MemberId Vote;
    internal RaftRole Role;
    internal Membership? Membership;
    internal MemberId Leader;
    internal LogIndex Commit;
    internal LogIndex Applied;
    internal LogIndex Last;
    internal Term LastTerm;
    internal LogIndex Snapshot;
    internal int Segments;
    internal LogState Log;
}

/// <summary>Hashes payloads, quickly and the same everywhere.</summary>
internal static class PayloadHash
{
    internal static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 0xCBF29CE484222325 ^ (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..]) hash = Mix(hash ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte b in bytes) hash = Mix(hash ^ b);
        return hash;
    }

    internal static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9;
        return value ^ (value >> 32);
    }
}
