namespace Quorleans.Raft;

/// <summary>A member of a group and where it lives.</summary>
/// <param name="Id">Its id in the group.</param>
/// <param name="Node">The name of its node, such as <c>n1</c>.</param>
/// <param name="NodeId">The random id of that node's data directory: the member's disk. Another disk under the same name is not this member.</param>
public readonly record struct Member(MemberId Id, string Node, Guid NodeId);
