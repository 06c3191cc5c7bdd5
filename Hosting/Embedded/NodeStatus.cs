using System.Net;

namespace Quorleans.Hosting;

/// <summary>A node of an embedded cluster as it stands.</summary>
/// <param name="Node">Its name.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Gateway">Where clients reach it while it runs.</param>
/// <param name="SiloPort">The TCP port between silos.</param>
/// <param name="DataDirectory">Where its data lies.</param>
/// <param name="Detail">Why it was evicted or failed, for a person; otherwise null.</param>
public sealed record NodeStatus(string Node, NodeState State, IPEndPoint Gateway, int SiloPort, string DataDirectory, string? Detail);
