namespace Quorleans.GrainInterfaces;

/// <summary>A batch of operations for one group, in the key/value store's encoding. Never touched after sending.</summary>
/// <param name="incarnation">The group incarnation that is meant, or 0 for whichever lives.</param>
/// <param name="isQuery">Whether the payload is a batch of reads, which is not logged.</param>
/// <param name="payload">The encoded batch.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.SubmitRequest")]
public sealed class SubmitRequest(long incarnation, bool isQuery, byte[] payload)
{
    /// <summary>The group incarnation that is meant, or 0 for whichever lives.</summary>
    [Id(0)]
    public long Incarnation { get; } = incarnation;

    /// <summary>Whether the payload is a batch of reads, which is not logged.</summary>
    [Id(1)]
    public bool IsQuery { get; } = isQuery;

    /// <summary>The encoded batch.</summary>
    [Id(2)]
    public byte[] Payload { get; } = payload;

    /// <summary>Of reads: whether a follower may answer too, after it got a read index from the leader.</summary>
    [Id(3)]
    public bool OnFollower { get; init; }
}
