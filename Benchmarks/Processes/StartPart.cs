using System.Diagnostics;
using Quorleans.Clerk;
using Quorleans.Client;
using Quorleans.Tests.Shared.Processes;

namespace Quorleans.Benchmarks.Processes;

/// <summary>
/// How long a silo process takes from its start until <c>/readyz</c> says yes: one node, and the three of a new cluster together, on empty directories, and then with a million keys, alone
/// after <c>kill -9</c> and all together. The worst of some rounds counts.
/// </summary>
internal sealed class StartPart(ProcessesOptions options)
{
    private const int Writers = 1024, Tell = 200_000;
    private const int EmptyMarkMs = 3000, FullMarkMs = 10_000;

    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        int rounds = options.Rounds ?? 3;
        DirectoryInfo directory = Directory.CreateTempSubdirectory("quorleans-start-");
        try
        {
            List<double> one = [], empty = [], alone = [], all = [];
            for (int i = 1; i <= rounds; i++) await MeasureEmptyAsync(directory.CreateSubdirectory(FormattableString.Invariant($"one{i}")), one, nodes: 1);
            for (int i = 1; i < rounds; i++) await MeasureEmptyAsync(directory.CreateSubdirectory(FormattableString.Invariant($"empty{i}")), empty);
            await using ClusterProcesses cluster = await MeasureEmptyAsync(directory.CreateSubdirectory("full"), empty, keeps: true);
            long begin = Stopwatch.GetTimestamp();
            await FillAsync(cluster.Config, cancellationToken);
            options.Say(FormattableString.Invariant($"{options.Keys} keys written in {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s"));
            string[] nodes = [.. cluster.Nodes];
            for (int i = 0; i < rounds; i++)
            {
                string node = nodes[i % nodes.Length];
                await cluster.KillAsync(node);
                alone.Add(await StartAsync(cluster, node));
                options.Say(FormattableString.Invariant($"{node} after kill -9, with {options.Keys} keys: ready after {alone[^1]:F0} ms"));
            }

            for (int i = 0; i < rounds; i++)
            {
                await cluster.KillAsync(nodes);
                all.Add(await StartAsync(cluster, nodes));
                options.Say(FormattableString.Invariant($"all of them, with {options.Keys} keys: ready after {all[^1]:F0} ms"));
            }

            return
            [
                Mark.AtMost(FormattableString.Invariant($"a process on an empty directory, a cluster of its own, ready after, {rounds} rounds, at most"), one.Max(), EmptyMarkMs, "ms"),
                Mark.AtMost(FormattableString.Invariant($"a new cluster's processes, together on empty directories, ready after, the last of {nodes.Length}, {rounds} rounds, at most"), empty.Max(), EmptyMarkMs, "ms"),
                Mark.AtMost(FormattableString.Invariant($"a process with {options.Keys} keys, alone after kill -9, ready after, at most"), alone.Max(), FullMarkMs, "ms"),
                Mark.AtMost(FormattableString.Invariant($"all processes with {options.Keys} keys, together, ready after, the last of {nodes.Length}, at most"), all.Max(), FullMarkMs, "ms"),
            ];
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<ClusterProcesses> MeasureEmptyAsync(DirectoryInfo folder, List<double> took, int nodes = 3, bool keeps = false)
    {
        ClusterProcesses cluster = new(folder.FullName, nodes) { Silo = options.Silo };
        bool isUp = false;
        try
        {
            took.Add(await StartAsync(cluster, [.. cluster.Nodes]));
            isUp = true;
        }
        finally
        {
            if (!isUp || !keeps) await cluster.DisposeAsync();
        }

        options.Say(FormattableString.Invariant($"{cluster.Nodes.Count} {(nodes == 1 ? "node on an empty directory" : "nodes on empty directories")}: ready after {took[^1]:F0} ms"));
        return cluster;
    }

    // From the start of the first process until the last one is ready.
    private static async Task<double> StartAsync(ClusterProcesses cluster, params string[] nodes)
    {
        long begin = Stopwatch.GetTimestamp();
        await cluster.StartAsync(nodes);
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    private async Task FillAsync(string config, CancellationToken cancellationToken)
    {
        await using ICluster client = await new OrleansConnector().ConnectAsync(new ConnectOptions { Gateways = "", Config = config, Timeout = TimeSpan.FromSeconds(60) }, cancellationToken);
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            for (int key; (key = Interlocked.Increment(ref next)) < options.Keys;)
            {
                await client.Clerk.PutAsync(FormattableString.Invariant($"key-{key:D8}"), FormattableString.Invariant($"value-{key:D20}"), cancellationToken);
                if ((key + 1) % Tell == 0) options.Say(FormattableString.Invariant($"{key + 1} keys"));
            }
        }));
    }
}
