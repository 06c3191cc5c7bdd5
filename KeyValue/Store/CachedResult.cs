namespace Quorleans.KeyValue.Store;

/// <summary>What an operation that is done was answered, for its retries.</summary>
/// <param name="Sequence">The operation's sequence.</param>
/// <param name="Version">The version answered.</param>
/// <param name="DeadlineMs">The operation's deadline; <see cref="Session.NoDeadline"/> when it has none.</param>
/// <param name="Status">The status answered.</param>
internal readonly record struct CachedResult(long Sequence, long Version, long DeadlineMs, OperationStatus Status);
