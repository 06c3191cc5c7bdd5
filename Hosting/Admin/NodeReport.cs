namespace Quorleans.Hosting;

/// <summary>A node as the admin API shows it.</summary>
/// <param name="Node">Its name.</param>
/// <param name="State">A <see cref="NodeState"/> by name.</param>
/// <param name="Gateway">Where clients reach it while it runs: <c>address:port</c>.</param>
/// <param name="SiloPort">The TCP port between silos.</param>
/// <param name="DataDirectory">Where its data lies.</param>
/// <param name="Detail">Why it was evicted or failed; otherwise null.</param>
public sealed record NodeReport(string Node, string State, string Gateway, int SiloPort, string DataDirectory, string? Detail)
{
    internal static NodeReport Of(NodeStatus status) =>
        new(status.Node, status.State.ToString(), status.Gateway.ToString(), status.SiloPort, status.DataDirectory, status.Detail);
}

/// <summary>Why the admin API refused.</summary>
/// <param name="Error">For a person.</param>
public sealed record AdminFailure(string Error);
