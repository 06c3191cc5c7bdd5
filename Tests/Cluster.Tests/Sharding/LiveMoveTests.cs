using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.KeyValue;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Sharding;

/// <summary>Groups come and go on a running cluster, and shards move while they are written to.</summary>
public sealed class LiveMoveTests(ITestOutputHelper output)
{
    private const int Writers = 8;

    [Fact]
    public async Task GroupJoinsAndLeaves_WhileClientsWrite_AndNothingIsLost()
    {
        await using RunningCluster running = await RunningCluster.StartAsync();
        OrleansClerk clerk = await running.ConnectAsync();
        IShardController controller = running.Controller(clerk);
        using CancellationTokenSource stop = new();
        Task<List<string>>[] writers = [.. Enumerable.Range(0, Writers).Select(writer => WriteAsync(clerk, writer, stop.Token))];

        await controller.JoinAsync([new JoiningGroup(2, ["n1", "n2", "n3"])]);
        ShardMap joined = await MovedAsync(controller);
        Assert.Equal(32, joined.Shards.Count(static shard => shard.Owner == 2));
        output.WriteLine($"g2 owns its half in configuration {joined.Number}");

        await controller.MoveAsync(new ShardId(0), joined.Shards[0].Owner == 1 ? 2 : 1);
        await MovedAsync(controller);
        await controller.LeaveAsync([2]);
        ShardMap left = await MovedAsync(controller);
        Assert.All(left.Shards, static shard => Assert.Equal(1, shard.Owner));
        await Eventually.Holds("g2 is gone from all nodes", async () => (await controller.GetMapAsync()).Gone.IsEmpty);

        await stop.CancelAsync();
        int written = 0;
        for (int writer = 0; writer < Writers; writer++)
        {
            List<string> acknowledged = await writers[writer];
            written += acknowledged.Count;
            foreach (string key in acknowledged)
                Assert.Equal(key, Encoding.UTF8.GetString((await clerk.GetAsync(Encoding.UTF8.GetBytes(key), TestContext.Current.CancellationToken)).Value.Span));
        }

        output.WriteLine($"{written} acknowledged writes are there");
        Assert.True(written > 100, $"{written} writes are no load.");
    }

    private static async Task<ShardMap> MovedAsync(IShardController controller)
    {
        ShardMap? map = null;
        await Eventually.Holds("all shards are where they shall be", async () =>
        {
            map = await controller.GetMapAsync();
            return map.Shards.All(static shard => !shard.IsMoving && shard.Owner == shard.Target);
        });
        return map!;
    }

    private static async Task<List<string>> WriteAsync(OrleansClerk clerk, int writer, CancellationToken stop)
    {
        List<string> acknowledged = [];
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"w{writer}/{i}");
            byte[] bytes = Encoding.UTF8.GetBytes(key);
            await clerk.PutAsync(bytes, bytes, CancellationToken.None);
            acknowledged.Add(key);
        }

        return acknowledged;
    }
}
