namespace Quorleans.GrainInterfaces;

/// <summary>The answer to a <see cref="SubmitRequest"/>.</summary>
/// <param name="status">What became of the batch.</param>
/// <param name="result">One encoded result for each operation when <paramref name="status"/> is <see cref="SubmitStatus.Ok"/>; otherwise empty.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.SubmitReply")]
public sealed class SubmitReply(SubmitStatus status, ReadOnlyMemory<byte> result)
{
    /// <summary>What became of the batch.</summary>
    [Id(0)]
    public SubmitStatus Status { get; } = status;

    /// <summary>One encoded result for each operation, or empty.</summary>
    [Id(1)]
    public ReadOnlyMemory<byte> Result { get; } = result;

    /// <summary>
    /// The node that leads as far as this replica knows, or null. With <see cref="SubmitStatus.Ok"/>, null says that this replica leads
    /// itself: only its log time is the group's. A follower that answered a read names the leader, or is empty when it knows none.
    /// </summary>
    [Id(2)]
    public string? LeaderHint { get; init; }

    /// <summary>The group's log time in milliseconds as this replica knows it: clients set deadlines by it. 0 when it knows none.</summary>
    [Id(3)]
    public long LogTimeMs { get; init; }

    /// <summary>What is wrong, for a person, or null.</summary>
    [Id(4)]
    public string? Error { get; init; }

    /// <summary>With <see cref="SubmitStatus.Busy"/>: after how many milliseconds it is worth another try; 0 when the replica does not say.</summary>
    [Id(5)]
    public int RetryAfterMs { get; init; }
}
