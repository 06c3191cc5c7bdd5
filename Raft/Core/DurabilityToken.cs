namespace Quorleans.Raft;

/// <summary>
/// Names what one <see cref="RaftOutput"/> asked the storage to keep. The driver gives it back by <see cref="RaftCore.OnAppended"/>, in order,
/// once all of it is durable.
/// </summary>
/// <remarks>
/// The version, not the index, decides. Say entries 5 of term 2, then of term 3, then of term 2 again are appended at the same place: the
/// acknowledgement of the first write names (2, 5) as well as the third does, and must not be taken for it (etcd-io/raft calls it the ABA problem).
/// </remarks>
/// <param name="Term">The term at that time.</param>
/// <param name="Index">The last log index at that time.</param>
/// <param name="Version">The number of the output; grows by one.</param>
public readonly record struct DurabilityToken(Term Term, LogIndex Index, long Version);
