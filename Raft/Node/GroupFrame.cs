namespace Quorleans.Raft.Node;

/// <summary>An encoded message of one group, among those of others.</summary>
/// <param name="Group">The group.</param>
/// <param name="Bytes">The message. Not changed any more.</param>
public readonly record struct GroupFrame(GroupId Group, byte[] Bytes);
