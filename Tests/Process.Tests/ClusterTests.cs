using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Processes.Tests.History;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>A cluster of three processes, with no database beside them: one for all tests, which leave it as they may.</summary>
public sealed class ClusterTests(SharedCluster shared, ITestOutputHelper output) : IClassFixture<SharedCluster>, IDisposable
{
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(500);
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task KillNine_OfEachNodeInTurn_LosesNothing_AndTheOthersGoOn()
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        string history = Path.Combine(_data.Path, "history.jsonl");
        await using ChildProcess workload = await ChildProcess.StartAsync(Programs.Client,
            ["workload", "--clients", "8", "--keys", "60", "--seconds", "3600", "--history", history, "--mix", "append=95,get=5", "--json", "--config", cluster.Config]);
        for (int i = 0; i < LongRun.Rounds(3); i++)
        {
            string node = cluster.Nodes[i % 3];
            await LoadFlowsAsync(workload, history);
            await cluster.KillAsync(node);
            long killed = Stopwatch.GetTimestamp();
            await LoadFlowsAsync(workload, history);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{node} killed; 200 operations ended within {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:F0} ms"));
            long started = Stopwatch.GetTimestamp();
            await cluster.StartAsync(node);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{node} ready again after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms"));
        }

        await LoadFlowsAsync(workload, history);
        await workload.SignalAsync("INT");
        Assert.Equal(0, await workload.WaitAsync());
        output.WriteLine(workload.Output);
        AppendOperation[] operations = [.. AppendHistory.Read(history)];
        Assert.Empty(AppendComparer.Compare(operations, await ReadAllAsync(cluster, IsOfTheWorkload)));
        Assert.True(operations.Count(static operation => operation is { IsRead: false, Acknowledged: true }) > 500, "That was no load.");
    }

    [Fact]
    public async Task WritesGoOn_AfterKillNineOfTheLeader_AndNoneFails()
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        await using TestClient client = await TestClient.ConnectAsync(cluster);
        await using ContinuousWriter writer = new(client.Clerk);
        List<double> gaps = [];
        for (int i = 0; i < LongRun.Rounds(3); i++)
        {
            await writer.FlowsAsync(Calm);
            string? leader = null;
            await Eventually.Holds("a leader is known", async () => (leader = await client.LeaderAsync([.. cluster.Nodes])) is not null);
            long since = Stopwatch.GetTimestamp();
            await cluster.KillAsync(leader!);
            await writer.FlowsAsync(Calm);
            gaps.Add(writer.LongestGap(since).TotalMilliseconds);
            await cluster.StartAsync(leader!);
            await CatchesUpAsync(client, cluster.Nodes, leader!);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{leader} killed: no write acknowledged for {gaps[^1]:F0} ms"));
        }

        gaps.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{gaps.Count} kills: median {gaps[gaps.Count / 2]:F0} ms, longest {gaps[^1]:F0} ms"));
        await writer.DisposeAsync();
        Assert.Empty(writer.Failures);
        Assert.InRange(gaps[gaps.Count / 2], 1, 5000);
    }

    [Fact]
    public async Task AllKilled_TwoOfThemStarted_ServeWhatWasAcknowledged()
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        Assert.Equal(0, (await cluster.ClientAsync("put", "kept", "value")).Status);
        await cluster.KillAsync("n1", "n2", "n3");

        // The rows of three killed silos are in the table, and the first node does not come back.
        await cluster.StartAsync("n3", "n2");
        ClientRun get = await cluster.ClientAsync("get", "kept");
        Assert.True(get is { Status: 0, Output: "value\n" }, get.Error);
        Assert.Equal(0, (await cluster.ClientAsync("put", "more", "value")).Status);
        JsonElement[] nodes = await JsonAsync(cluster, "node", "list");
        Assert.Equal(["n1 Down", "n2 Running", "n3 Running"], nodes.Select(static node => $"{node.GetProperty("node").GetString()} {node.GetProperty("state").GetString()}"));
        await cluster.StartAsync("n1");
        JsonElement[] members = await JsonAsync(cluster, "status");
        Assert.Equal(3, members.Count(static replica => replica.GetProperty("group").GetString() == "members" && replica.GetProperty("state").GetString() == "Running"));
    }

    // Told to stop while it slept, it learns only during its farewell that the others think it dead.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task APausedProcess_IsEvicted_EndsWithItsNamedStatus_AndStartsAgain(bool isToldToStop)
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        await using TestClient client = await TestClient.ConnectAsync(cluster);
        await client.Clerk.PutAsync("k", "before");
        await cluster["n1"].SignalAsync("STOP");
        try
        {
            await Eventually.Holds("n1's silo is declared dead", async () =>
            {
                await client.Clerk.PutAsync("k", "meanwhile");
                return await IsDeadAsync(cluster, "n1");
            });
            if (isToldToStop) await cluster["n1"].SignalAsync("TERM");
        }
        finally
        {
            await cluster["n1"].SignalAsync("CONT");
        }

        (int status, string error) = await cluster.WaitEndAsync("n1");
        Assert.True(status == 3 || (isToldToStop && status == 0), $"n1 ended with status {status}:\n{error}");
        if (status == 3) Assert.Contains("evicted", error, StringComparison.Ordinal);
        await cluster.StartAsync("n1");
        Assert.Equal("meanwhile", await client.Clerk.GetStringAsync("k"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public async Task WritesGoOn_WhileTheLeadersProcessIsPaused_AndNoneFails_AndNoReadIsStale(int seconds)
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        await using TestClient client = await TestClient.ConnectAsync(cluster);
        await using ContinuousWriter writer = new(client.Clerk, $"p{seconds}.");
        await writer.FlowsAsync(TimeSpan.FromSeconds(1));
        string? leader = null;
        await Eventually.Holds("a leader is known", async () => (leader = await client.LeaderAsync([.. cluster.Nodes])) is not null);
        long since = Stopwatch.GetTimestamp();
        await cluster[leader!].SignalAsync("STOP");
        await Pause.ForAsync(TimeSpan.FromSeconds(seconds));
        await cluster[leader!].SignalAsync("CONT");
        for (long woken = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(woken) < TimeSpan.FromSeconds(2);)
        {
            int least = writer.Expected(1).Least;
            int read = BitConverter.ToInt32((await client.Clerk.GetAsync(writer.KeyOf(1))).Value.Span);
            Assert.True(read >= least, $"{least} was acknowledged before the read began, and it saw {read}.");
        }

        await writer.FlowsAsync(TimeSpan.Zero);
        TimeSpan gap = writer.LongestGap(since);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{leader} paused for {seconds} s: no write acknowledged for {gap.TotalMilliseconds:F0} ms; {(cluster[leader!].HasExited ? "evicted" : "it goes on")}"));
        await writer.DisposeAsync();
        Assert.Empty(writer.Failures);
        // It may learn of its eviction only now, and would end in the midst of the next test.
        await cluster.KillAsync(leader!);

        // The whole pause, if the client had waited for the paused process' gateway. On a loaded machine elections may take long.
        if (seconds == 20) Assert.InRange(gap.TotalSeconds, 0, 10);
    }

    [Fact]
    public async Task RollingRestart_UnderLoad_NoOperationFails()
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        await using TestClient client = await TestClient.ConnectAsync(cluster);
        ContinuousWriter[] writers = [.. Enumerable.Range(0, 4).Select(i => new ContinuousWriter(client.Clerk, $"r{i}."))];
        long begin = Stopwatch.GetTimestamp();
        foreach (string node in cluster.Nodes)
        {
            await FlowAsync(writers);
            long since = Stopwatch.GetTimestamp();
            TimeSpan stop = await cluster.StopAsync(node);
            await FlowAsync(writers);
            double gap = writers.Max(writer => writer.LongestGap(since).TotalMilliseconds);
            await cluster.StartAsync(node);
            await CatchesUpAsync(client, cluster.Nodes, node);
            await FlowAsync(writers);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{node}: stopped in {stop.TotalMilliseconds:F0} ms, longest gap {gap:F0} ms; {writers.Max(writer => writer.LongestGap(since).TotalMilliseconds):F0} ms until it was back"));
        }

        foreach (ContinuousWriter writer in writers) await writer.DisposeAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"longest gap of all: {writers.Max(writer => writer.LongestGap(begin).TotalMilliseconds):F0} ms"));
        Assert.Empty(writers.SelectMany(static writer => writer.Failures));
        foreach (ContinuousWriter writer in writers)
        {
            for (int i = 0; i < ContinuousWriter.Keys; i++)
            {
                (int least, int most) = writer.Expected(i);
                Assert.InRange(BitConverter.ToInt32((await client.Clerk.GetAsync(writer.KeyOf(i))).Value.Span), least, most);
            }
        }
    }

    [Fact]
    public async Task NodeStop_EndsAProcess_AndNodeStartIsItsSupervisors()
    {
        ClusterProcesses cluster = await shared.AllUpAsync();
        ClientRun stop = await cluster.ClientAsync("node", "stop", "n1");
        Assert.True(stop is { Status: 0, Output: "n1: Stopped\n" }, stop.Error);
        Assert.Equal(0, (await cluster.WaitEndAsync("n1")).Status);
        Assert.Equal(0, (await cluster.ClientAsync("put", "a", "b")).Status);
        ClientRun start = await cluster.ClientAsync("node", "start", "n1");
        Assert.Equal(1, start.Status);
        Assert.Contains("--node n1", start.OneErrorLine, StringComparison.Ordinal);
        ClientRun unknown = await cluster.ClientAsync("node", "stop", "n9");
        Assert.Equal(1, unknown.Status);
        Assert.Contains("The nodes are n1, n2, n3", unknown.OneErrorLine, StringComparison.Ordinal);
        await cluster.StartAsync("n1");
        ClientRun abrupt = await cluster.ClientAsync("node", "stop", "n2", "--abrupt");
        Assert.Equal(0, abrupt.Status);
        Assert.Equal(137, (await cluster.WaitEndAsync("n2")).Status);
        ClientRun get = await cluster.ClientAsync("get", "a");
        Assert.True(get is { Status: 0, Output: "b\n" }, get.Error);
    }

    private static async Task FlowAsync(ContinuousWriter[] writers) => await Task.WhenAll(writers.Select(static writer => writer.FlowsAsync(Calm)));

    private static async Task CatchesUpAsync(TestClient client, IReadOnlyList<string> nodes, string node) => await Eventually.Holds($"{node} has caught up", async () =>
    {
        string? leader = await client.LeaderAsync([.. nodes]);
        if (leader is null) return false;
        long committed = (await client.StatusAsync(leader)).CommitIndex;
        ReplicaStatus status = await client.StatusAsync(node);
        return status.State == "Running" && status.AppliedIndex >= committed - 100;
    });

    // A silo that is dead to the others cannot be reached through them.
    private static async Task<bool> IsDeadAsync(ClusterProcesses cluster, string node)
    {
        ClientRun run = await cluster.ClientAsync("status", "--json");
        // A command may have met the paused silo's gateway, which still takes connections.
        return run.Status == 0 && run.Output.Split('\n').Any(line =>
            line.Contains($"\"group\":\"g1\",\"node\":\"{node}\"", StringComparison.Ordinal) && line.Contains("is not up", StringComparison.Ordinal));
    }

    private static async Task LoadFlowsAsync(ChildProcess workload, string history)
    {
        long before = Length(history);
        await Eventually.Holds("operations end", () =>
        {
            if (workload.HasExited) throw new InvalidOperationException($"The workload ended early.\n{workload}");
            return Length(history) > before + 20_000;
        });
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private static async Task<JsonElement[]> JsonAsync(ClusterProcesses cluster, params string[] command)
    {
        ClientRun run = await cluster.ClientAsync([.. command, "--json"]);
        Assert.True(run.Status == 0, run.Error);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    // The workload's keys are k0, k1, …; those of other tests are not.
    private static bool IsOfTheWorkload(string key) => key is ['k', _, ..] && key.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;

    private static async Task<Dictionary<string, string>> ReadAllAsync(ClusterProcesses cluster, Func<string, bool> counts) =>
        (await JsonAsync(cluster, "scan", "--limit", "0")).Where(item => counts(item.GetProperty("key").GetString()!))
            .ToDictionary(static item => item.GetProperty("key").GetString()!, static item => item.GetProperty("value").GetString()!);
}
