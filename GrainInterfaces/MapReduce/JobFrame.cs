namespace Quorleans.GrainInterfaces;

/// <summary>
/// A message between coordinator, trackers and clients in Quorleans' own encoding (<c>Quorleans.MapReduce.Jobs.JobCodec</c>), so that what travels does not
/// know Orleans and is the same in the store's journal and in a worker's pipe. Never touched after sending: Orleans does not copy it.
/// </summary>
/// <param name="bytes">The encoded message.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.JobFrame")]
public sealed class JobFrame(byte[] bytes)
{
    /// <summary>The encoded message.</summary>
    [Id(0)]
    public byte[] Bytes { get; } = bytes;
}
