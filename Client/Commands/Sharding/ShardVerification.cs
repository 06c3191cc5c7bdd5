using System.Globalization;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary>Compares what all replicas have of the shards.</summary>
/// <param name="Replicas">How many were asked and answered.</param>
/// <param name="Problems">What is wrong, for people; empty when nothing is.</param>
internal sealed record ShardVerification(int Replicas, IReadOnlyList<string> Problems)
{
    // A follower may be a moment behind, and a write may come between two answers: only what stays different is wrong.
    private const int Looks = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks all replicas, again for a while where they differ.</summary>
    public static async Task<ShardVerification> RunAsync(ICluster cluster, ShardMap map, TimeProvider time, CancellationToken cancellationToken)
    {
        ShardVerification found = await LookAsync(cluster, map, cancellationToken);
        for (int look = 1; look < Looks && found.Problems.Count > 0; look++)
        {
            await Task.Delay(Pause, time, cancellationToken);
            found = await LookAsync(cluster, await cluster.Shards.GetMapAsync(cancellationToken), cancellationToken);
        }

        return found;
    }

    private static async Task<ShardVerification> LookAsync(ICluster cluster, ShardMap map, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        int replicas = 0;
        foreach (GroupPlace group in map.Groups)
        {
            string name = GroupNames.Of(group.Gid);
            (string Node, IReadOnlyList<ShardReport> Shards)? first = null;
            foreach (ControllerNode node in group.Nodes)
            {
                if (await cluster.GetShardsAsync(name, node.Name, cancellationToken) is not { Count: > 0 } reports)
                {
                    problems.Add($"{name}/{node.Name} does not answer");
                    continue;
                }

                replicas++;
                for (int i = 0; i < reports.Count; i++) Compare(map, group, node.Name, reports[i], first, problems);
                first ??= (node.Name, reports);
            }
        }

        return new ShardVerification(replicas, problems);
    }

    private static void Compare(
        ShardMap map, GroupPlace group, string node, ShardReport report, (string Node, IReadOnlyList<ShardReport> Shards)? first, List<string> problems)
    {
        ShardPlace place = map.Shards[report.Shard];
        string where = string.Create(CultureInfo.InvariantCulture, $"shard {report.Shard} on g{group.Gid}/{node}");
        if (first is { } other && other.Shards[report.Shard].Digest != report.Digest) problems.Add($"{where} differs from that on {other.Node}");
        if (place.IsMoving) return;
        if (place.Owner == group.Gid && report.Phase != "Serving") problems.Add($"{where} should be served, and is {report.Phase}");
        if (place.Owner != group.Gid && report.Phase == "Serving") problems.Add(string.Create(CultureInfo.InvariantCulture, $"{where} is served, but belongs to g{place.Owner}"));
        if (place.Owner != group.Gid && report.Keys > 0) problems.Add(string.Create(CultureInfo.InvariantCulture, $"{where} has {report.Keys} keys left over ({report.Phase})"));
    }
}
