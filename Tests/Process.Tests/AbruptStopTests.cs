using System.Diagnostics;
using System.Globalization;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

public sealed class AbruptStopTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Nodes = ["n1", "n2", "n3"];
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(500);
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task WritesGoOnWithinASecond_WhenTheLeadersNodeStopsAbruptly()
    {
        SiloSetup setup = new(_data.Path);
        await using SiloProcess silo = await SiloProcess.StartAsync(setup);
        await using TestClient client = await TestClient.ConnectAsync(setup);
        using NodeAdminClient admin = silo.Admin();
        await using ContinuousWriter writer = new(client.Clerk);
        List<double> gaps = [];
        for (int round = 0; round < LongRun.Rounds(10); round++)
        {
            await writer.FlowsAsync(Calm);
            string? leader = null;
            await Eventually.Holds("a leader is known", async () => (leader = await client.LeaderAsync(Nodes)) is not null);
            long stop = Stopwatch.GetTimestamp();
            await admin.StopAsync(leader!, abrupt: true);
            await writer.FlowsAsync(Calm);
            TimeSpan gap = writer.LongestGap(since: stop);
            gaps.Add(gap.TotalMilliseconds);
            long start = Stopwatch.GetTimestamp();
            await admin.StartAsync(leader!);
            await CatchesUpAsync(client, leader!);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{round + 1,2}: {leader} stopped, no write acknowledged for {gap.TotalMilliseconds,4:F0} ms; back and caught up after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms, longest gap meanwhile {writer.LongestGap(since: start).TotalMilliseconds:F0} ms"));
        }

        gaps.Sort();
        double median = (gaps[(gaps.Count - 1) / 2] + gaps[gaps.Count / 2]) / 2;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median {median:F0} ms, longest {gaps[^1]:F0} ms"));
        await writer.DisposeAsync();
        Assert.Empty(writer.Failures);
        await AllAreThereAsync(client, writer);
        Assert.InRange(median, 1, 1000);
    }

    private static async Task CatchesUpAsync(TestClient client, string node) => await Eventually.Holds($"{node} has caught up", async () =>
    {
        string? leader = await client.LeaderAsync(Nodes);
        if (leader is null || leader == node) return false;
        long committed = (await client.StatusAsync(leader)).CommitIndex;
        ReplicaStatus status = await client.StatusAsync(node);
        return status.State == "Running" && status.AppliedIndex >= committed - 20;
    });

    private static async Task AllAreThereAsync(TestClient client, ContinuousWriter writer)
    {
        for (int i = 0; i < ContinuousWriter.Keys; i++)
        {
            (int least, int most) = writer.Expected(i);
            ReadOnlyMemory<byte> value = (await client.Clerk.GetAsync(writer.KeyOf(i))).Value;
            Assert.InRange(BitConverter.ToInt32(value.Span), least, most);
        }
    }
}
