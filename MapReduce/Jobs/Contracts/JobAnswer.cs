namespace Quorleans.MapReduce.Jobs;

/// <summary>The coordinator's answer to a client.</summary>
public sealed record JobAnswer
{
    /// <summary>Why it refused: names the thing and the way out; null when it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the same call may work a little later: the coordinator is not ready, or is being replaced.</summary>
    public bool Again { get; init; }

    /// <summary>The jobs that were asked for.</summary>
    public IReadOnlyList<JobView> Jobs { get; init; } = [];

    /// <summary>The attempts' logs that were asked for, oldest first.</summary>
    public IReadOnlyList<AttemptTranscript> Logs { get; init; } = [];
}
