namespace Quorleans.Raft;

/// <summary>The end of a read request.</summary>
/// <param name="Context">The number that the driver gave to <see cref="RaftCore.RequestRead"/>.</param>
/// <param name="Confirmed">Whether the read may go on; otherwise the leadership was lost and it must be asked elsewhere.</param>
/// <param name="Index">The read index: look up once this is applied.</param>
public readonly record struct ReadState(long Context, bool Confirmed, LogIndex Index);
