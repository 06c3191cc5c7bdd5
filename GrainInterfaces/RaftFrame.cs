namespace Quorleans.GrainInterfaces;

/// <summary>
/// A Raft message in Quorleans' own versioned encoding (<c>Quorleans.Raft.MessageCodec</c>), so that the format does not depend on a
/// serializer's and is the same over every transport. Never touched after sending: Orleans does not copy it.
/// </summary>
/// <param name="bytes">The encoded message.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.RaftFrame")]
public sealed class RaftFrame(byte[] bytes)
{
    /// <summary>The encoded message.</summary>
    [Id(0)]
    public byte[] Bytes { get; } = bytes;
}
