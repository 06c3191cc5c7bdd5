namespace Quorleans.Raft.Node;

/// <summary>A client's batch of writes for one group, among those for others.</summary>
/// <param name="Group">The group's name.</param>
/// <param name="Incarnation">The incarnation that is meant, or 0 for any.</param>
/// <param name="Payload">The command; must not change any more.</param>
public readonly record struct GroupBatch(string Group, long Incarnation, ReadOnlyMemory<byte> Payload);
