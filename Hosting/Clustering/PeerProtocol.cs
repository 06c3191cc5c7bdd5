using System.Text.Json;

namespace Quorleans.Hosting;

/// <summary>
/// What nodes say to each other, and clients to nodes, before there are silos: HTTP/2 without TLS on each node's peer port. Every request bears the range of
/// protocol versions that its sender speaks, and is refused when this node speaks none of them; and the cluster's name, and its id once it is known; another cluster's are refused. Refusals have a status and a <see cref="PeerFailure"/> as JSON.
/// <code>
/// POST /cluster/raft/members         a Raft request          → 200 its answer
/// POST /cluster/table?query=true     a command or a query    → 200 the result, with the group's log time; 421 another node leads, 503 try again
/// GET  /cluster/nodes                                        → 200 which nodes were added and removed, as far as the node knows
/// GET  /cluster/founding                                     → 200 a FoundingReport
/// POST /cluster/founding?id=…&amp;by=…                           → 200 a FoundingReport: the node's disk is ready to be in the cluster of that id
/// </code>
/// </summary>
internal static class PeerProtocol
{
    public const string VersionHeader = "Quorleans-Protocol";
    public const string ClusterHeader = "Quorleans-Cluster";
    public const string ClusterIdHeader = "Quorleans-Cluster-Id";
    public const string LeaderHeader = "Quorleans-Leader";
    public const string LogTimeHeader = "Quorleans-Log-Time";

    public const string RaftPath = "/cluster/raft/members";
    public const string TablePath = "/cluster/table";
    public const string FoundingPath = "/cluster/founding";
    public const string NodesPath = "/cluster/nodes";

    /// <summary>Bytes of a request or an answer, at most: an AppendEntries or a chunk of a snapshot has 1 MiB and a little more.</summary>
    public const int MaximumBytes = 4 << 20;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
}

/// <summary>Why a peer refused.</summary>
/// <param name="Code">For a program: <c>OtherCluster</c>, <c>OtherProtocol</c>, <c>TooLarge</c>, <c>Starting</c>, <c>Refused</c>, or an outcome by name.</param>
/// <param name="Error">For a person.</param>
internal sealed record PeerFailure(string Code, string Error);
