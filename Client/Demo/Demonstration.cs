using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client.Demo;

/// <summary>
/// Shows what the store promises, on a real cluster: it works, loses its leader, moves its data, runs a job, loses nothing. Each step narrates in a few lines; at
/// the end every write that was acknowledged is read back.
/// </summary>
internal sealed class Demonstration(IDemoCluster cluster, Narrator narrator, TimeProvider time, string directory, string? repository)
{
    private const int Loaders = 64;
    private const int MissingShownMax = 5;
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(60);
    private readonly AcknowledgedWrites _acknowledged = new();

    /// <summary>Runs all steps.</summary>
    /// <returns>Whether everything acknowledged was there at the end, what clients saw is linearizable, and the job's result is right.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        GroupsPart groups;
        bool isCounted;
        await using (ICluster client = await cluster.ConnectAsync(cancellationToken))
        {
            await WriteAndReadAsync(client.Clerk, cancellationToken);
            await LoadAsync(client.Clerk, cancellationToken);
            await LoseLeaderAsync(client, cancellationToken);
            groups = new GroupsPart(client, _acknowledged, narrator, time, cluster.Nodes, directory);
            await groups.RunAsync(cancellationToken);
            isCounted = await new JobPart(cluster, client.Jobs, narrator, time, directory, repository).RunAsync(cancellationToken);
        }

        await RestartAsync(cancellationToken);
        await using ICluster again = await cluster.ConnectAsync(cancellationToken);
        bool isThere = await VerifyAsync(again.Clerk, cancellationToken);
        return groups.Verify() && isThere && isCounted;
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        narrator.Step("Start a cluster");
        narrator.Say($"Three nodes, {string.Join(", ", cluster.Nodes)}, each a silo with a write-ahead log of its own under {directory}.");
        long started = time.GetTimestamp();
        await cluster.StartAsync(directory, cancellationToken);
        narrator.Say($"Up after {Milliseconds(started)}. Dashboard: {cluster.Dashboard}");
    }

    private async Task WriteAndReadAsync(IClerk clerk, CancellationToken cancellationToken)
    {
        narrator.Step("Write and read");
        long version = await clerk.PutAsync("greeting", "hello", cancellationToken);
        narrator.Command("put greeting hello", $"version {version}: on the disks of a majority before it was acknowledged");
        version = await clerk.AppendAsync("greeting", ", world", cancellationToken);
        narrator.Command("append greeting \", world\"", $"version {version}");
        string? read = await clerk.GetStringAsync("greeting", cancellationToken);
        narrator.Command("get greeting", $"{read} (linearizable: the leader asked a majority whether it still leads)");
        CompareAndSetResult stale = await clerk.CompareAndSetAsync("greeting", version + 1, "lost update", cancellationToken);
        narrator.Command($"cas greeting {version + 1} \"lost update\"",
            stale.Succeeded ? "set, although the version is wrong!" : $"refused: the version is {stale.Version}");
        if (stale.Succeeded) throw new ClientException("a compare-and-set on a wrong version succeeded");
        _acknowledged.Acknowledge("greeting", "hello, world");
    }

    private async Task LoadAsync(IClerk clerk, CancellationToken cancellationToken)
    {
        narrator.Step("Load real text");
        List<KeyValuePair<string, string>> lines = repository is null ? MadeUpLines() : MarkdownLines.Read(repository);
        int files = lines.Select(line => line.Key[..line.Key.LastIndexOf('/')]).Distinct().Count();
        long bytes = lines.Sum(line => (long)Encoding.UTF8.GetByteCount(line.Value));
        long started = time.GetTimestamp();
        ConcurrentQueue<KeyValuePair<string, string>> queue = new(lines);
        await Task.WhenAll(Enumerable.Range(0, Loaders).Select(async _ =>
        {
            while (queue.TryDequeue(out KeyValuePair<string, string> line))
            {
                await clerk.PutAsync(line.Key, line.Value, cancellationToken);
                _acknowledged.Acknowledge(line.Key, line.Value);
            }
        }));
        TimeSpan took = time.GetElapsedTime(started);
        string source = repository is null ? "made-up lines (no Orleans.sln above the current directory)" : $"lines of {files} Markdown files of this repository";
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"{lines.Count} {source}, {bytes / 1024.0:F1} KiB, one key a line, {Loaders} at a time: {took.TotalMilliseconds:F0} ms, {lines.Count / took.TotalSeconds:F0} writes/s."));
        ScanPage page = await clerk.ScanAsync(new ScanRequest { Prefix = "doc/"u8.ToArray(), Limit = 2 }, cancellationToken);
        foreach (ScanItem item in page.Items)
            narrator.Say($"{TextEscaper.Escape(item.Key.Span)}  {Shorten(TextEscaper.Escape(item.Value.Span))}");
    }

    private async Task LoseLeaderAsync(ICluster client, CancellationToken cancellationToken)
    {
        narrator.Step("Lose the leader");
        await using ContinuousWriter writer = new(client.Clerk, _acknowledged, time, "tick/");
        writer.Start();
        await writer.WaitForWritesAsync(100, cancellationToken);
        ReplicaStatus leader = await FindLeaderAsync(client, status => true, cancellationToken);
        narrator.Say($"{leader.Node} leads {leader.Group} in term {leader.Term}; a client writes without a pause. {leader.Node} is now stopped abruptly: no hand-over, no flush, connections cut.");
        writer.Reset();
        await cluster.StopNodeAsync(leader.Node, cancellationToken);
        ReplicaStatus next = await FindLeaderAsync(client, status => status.Node != leader.Node, cancellationToken);
        await writer.WaitForWritesAsync(100, cancellationToken);
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"Writes were refused for {writer.LongestGap.TotalMilliseconds:F0} ms. Now {next.Node} leads in term {next.Term}."));

        narrator.Step("Bring it back");
        long missed = writer.Count;
        await writer.WaitForWritesAsync(500, cancellationToken);
        long started = time.GetTimestamp();
        await cluster.StartNodeAsync(leader.Node, cancellationToken);
        narrator.Say($"{leader.Node} started again on its old disk after {Milliseconds(started)}.");
        started = time.GetTimestamp();
        (long applied, long commit) = await CatchUpAsync(client, leader.Node, cancellationToken);
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"It caught up {Milliseconds(started)} later: applied {applied}, commit was {commit}, while {writer.Count - missed} more writes went on."));
    }

    private async Task RestartAsync(CancellationToken cancellationToken)
    {
        narrator.Step("Restart everything");
        await cluster.StopAllAsync(cancellationToken);
        long started = time.GetTimestamp();
        await cluster.StartAsync(directory, cancellationToken);
        narrator.Say($"All nodes were stopped at once, abruptly. They run again after {Milliseconds(started)}, on their old disks.");
    }

    private async Task<bool> VerifyAsync(IClerk clerk, CancellationToken cancellationToken)
    {
        narrator.Step("Read everything back");
        ConcurrentQueue<KeyValuePair<string, string>> queue = new(_acknowledged.Values);
        ConcurrentQueue<string> missing = new();
        long started = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Loaders).Select(async _ =>
        {
            while (queue.TryDequeue(out KeyValuePair<string, string> written))
            {
                string? found = await clerk.GetStringAsync(written.Key, cancellationToken);
                if (found == written.Value) continue;
                missing.Enqueue($"{written.Key}: acknowledged \"{Shorten(written.Value)}\", found {(found is null ? "nothing" : $"\"{Shorten(found)}\"")}");
            }
        }));
        foreach (string line in missing.Take(MissingShownMax)) narrator.Fail(line);
        if (missing.IsEmpty) narrator.Succeed($"All {_acknowledged.Count} acknowledged writes are there ({Milliseconds(started)}).");
        else narrator.Fail($"{missing.Count} of {_acknowledged.Count} acknowledged writes are missing or wrong.");
        return missing.IsEmpty;
    }

    private async Task<ReplicaStatus> FindLeaderAsync(ICluster client, Func<ReplicaStatus, bool> wanted, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < StepTimeout)
        {
            IReadOnlyList<ReplicaReport> replicas = await client.GetReplicasAsync(cancellationToken);
            ReplicaStatus? leader = replicas.Select(replica => replica.Status)
                .Where(status => status is { Role: "Leader", Group: "g1" } && wanted(status)).MaxBy(status => status!.Term);
            if (leader is not null) return leader;
            await Task.Delay(PollPause, time, cancellationToken);
        }

        throw new ClientException($"no replica leads after {StepTimeout.TotalSeconds} s");
    }

    private async Task<(long Applied, long Commit)> CatchUpAsync(ICluster client, string node, CancellationToken cancellationToken)
    {
        ReplicaStatus leader = await FindLeaderAsync(client, status => true, cancellationToken);
        long started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < StepTimeout)
        {
            IReadOnlyList<ReplicaReport> replicas = await client.GetReplicasAsync(cancellationToken);
            ReplicaStatus? back = replicas.FirstOrDefault(replica => replica.Group == leader.Group && replica.Node == node)?.Status;
            if (back is not null && back.AppliedIndex >= leader.CommitIndex) return (back.AppliedIndex, leader.CommitIndex);
            await Task.Delay(PollPause, time, cancellationToken);
        }

        throw new ClientException($"{node} has not caught up after {StepTimeout.TotalSeconds} s");
    }

    private static List<KeyValuePair<string, string>> MadeUpLines() =>
    [
        .. Enumerable.Range(1, 1000).Select(number => new KeyValuePair<string, string>(
            string.Create(CultureInfo.InvariantCulture, $"doc/made-up/{number:d4}"),
            string.Create(CultureInfo.InvariantCulture, $"This is line {number} of a text that nobody wrote."))),
    ];

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private string Milliseconds(long started) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(started).TotalMilliseconds:F0} ms");
}
