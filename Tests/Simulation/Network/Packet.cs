using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>What a packet carries.</summary>
public enum PacketKind
{
    /// <summary>A Raft request.</summary>
    RaftRequest,

    /// <summary>The answer to one.</summary>
    RaftReply,

    /// <summary>A batch of a Clerk.</summary>
    ClientRequest,

    /// <summary>The answer to one.</summary>
    ClientReply,
}

/// <summary>One packet on its way; requests and their answers are packets of their own.</summary>
/// <param name="Kind">What it carries.</param>
/// <param name="From">The sending process.</param>
/// <param name="To">The receiving process.</param>
/// <param name="Group">The group it is about.</param>
/// <param name="Message">The kind of Raft request, in its answer too; default for clients' packets.</param>
/// <param name="Bytes">Its encoded bytes.</param>
/// <param name="Sent">When the request was sent that this is, or answers, in microseconds.</param>
public readonly record struct Packet(PacketKind Kind, string From, string To, string Group, MessageKind Message, ReadOnlyMemory<byte> Bytes, long Sent);

/// <summary>What becomes of a packet.</summary>
/// <param name="DelayUs">When it arrives, from now, in microseconds; negative: it is lost.</param>
/// <param name="AgainUs">When a second copy of it arrives; negative: there is none.</param>
/// <param name="ReportUs">When it is lost: after how long who asked is told; negative: never, and its own timers must do.</param>
public readonly record struct Fate(long DelayUs, long AgainUs = -1, long ReportUs = -1)
{
    /// <summary>Lost without a word.</summary>
    public static Fate Lost => new(-1);

    /// <summary>Lost, and who asked learns that it may be.</summary>
    /// <param name="afterUs">When, from now, in microseconds.</param>
    public static Fate LostAndReported(long afterUs) => new(-1, ReportUs: afterUs);
}
