namespace Quorleans.Raft;

/// <summary>One entry of a group's log. Immutable: the payload's memory must never be written again.</summary>
/// <param name="Index">Where it stands.</param>
/// <param name="Term">The term of the leader that made it.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Time">The leader's stamp in log time; never below an earlier entry's.</param>
/// <param name="Payload">The command, or the encoded <see cref="Membership"/>; empty for a no-op.</param>
public readonly record struct LogEntry(LogIndex Index, Term Term, EntryKind Kind, LogTime Time, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What an entry counts against byte budgets beside its payload, in bytes.</summary>
    public const int Overhead = 32;

    /// <summary>The bytes that the entry counts against budgets.</summary>
    public int Size => Payload.Length + Overhead;

    /// <inheritdoc/>
    public override string ToString() => $"{Index}:{Kind}@{Term}";
}
