namespace Quorleans.GrainInterfaces;

/// <summary>Raft messages of several groups, each as in a <see cref="RaftFrame"/>. Never touched after sending: Orleans does not copy it.</summary>
/// <param name="bytes">The encoded messages.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.RaftFrames")]
public sealed class RaftFrames(byte[][] bytes)
{
    /// <summary>The encoded messages.</summary>
    [Id(0)]
    public byte[][] Bytes { get; } = bytes;
}
