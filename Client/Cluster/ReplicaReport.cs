using Quorleans.GrainInterfaces;

namespace Quorleans.Client;

/// <summary>What a replica answered, or why it did not.</summary>
/// <param name="Group">The group.</param>
/// <param name="Node">The node.</param>
/// <param name="Status">The answer, or null.</param>
/// <param name="Problem">Why there is no answer, or null.</param>
internal sealed record ReplicaReport(string Group, string Node, ReplicaStatus? Status, string? Problem);
