using System.Collections.Immutable;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.KeyValue;

namespace Quorleans.Cluster.Tests.Sharding;

/// <summary>What the shard controller of a running cluster refuses, or does as the labs define it.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task NonsenseIsRefused_NamesItsSubject_AndChangesNothing()
    {
        await using RunningCluster running = await RunningCluster.StartAsync();
        IShardController controller = running.Controller(await running.ConnectAsync());
        ShardMap before = await controller.GetMapAsync(TestContext.Current.CancellationToken);
        await RefusedAsync("Group 1 is in the configuration already", () => controller.JoinAsync([new JoiningGroup(1, ["n1"])]));
        await RefusedAsync("No node 'n9'", () => controller.JoinAsync([new JoiningGroup(2, ["n1", "n9"])]));
        await RefusedAsync("Group 2 needs at least one node", () => controller.JoinAsync([new JoiningGroup(2, ImmutableArray<string>.Empty)]));
        await RefusedAsync("'n1' is named twice", () => controller.JoinAsync([new JoiningGroup(2, ["n1", "n1"])]));
        await RefusedAsync("The last group cannot leave", () => controller.LeaveAsync([1]));
        await RefusedAsync("There is no group 7", () => controller.LeaveAsync([7]));
        await RefusedAsync("There is no group 9", () => controller.MoveAsync(new ShardId(3), 9));
        await RefusedAsync("There is no shard 64", () => controller.MoveAsync(new ShardId(64), 1));
        Assert.Equal(before.Number, (await controller.GetMapAsync(TestContext.Current.CancellationToken)).Number);
    }

    private static async Task RefusedAsync(string message, Func<Task<ControllerResult>> command) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<ShardControllerException>(command)).Message, StringComparison.Ordinal);
}
