namespace Quorleans.MapReduce.Jobs;

/// <summary>What an attempt said.</summary>
/// <param name="Key">The attempt.</param>
/// <param name="Tracker">The node where it ran.</param>
/// <param name="StartedMs">When it began, in milliseconds since 1970, by the node's clock.</param>
/// <param name="Text">Its start, output, errors and end; cut when it is long.</param>
public sealed record AttemptTranscript(AttemptKey Key, string Tracker, long StartedMs, string Text);
