using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.KeyValue;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Sharding;

/// <summary>Money goes from account to account, in one shard that goes from group to group: none is lost or made, and nobody sees it half way.</summary>
public sealed class TransactionTests(ITestOutputHelper output)
{
    private const int Accounts = 5;
    private const int Each = 100;
    private const int Tellers = 6;

    [Fact]
    public async Task Transfers_KeepTheSum_WhileTheirShardMoves()
    {
        await using RunningCluster running = await RunningCluster.StartAsync();
        OrleansClerk clerk = await running.ConnectAsync();
        IShardController controller = running.Controller(clerk);
        CancellationToken test = TestContext.Current.CancellationToken;
        TransactionStep[] open = [.. Enumerable.Range(0, Accounts).Select(i => Do.Put(Account(i), Text(Each)))];
        Assert.True((await clerk.TransactAsync(Txn.If(When.Missing(Account(0))).Then(open), test)).Succeeded);
        await controller.JoinAsync([new JoiningGroup(2, ["n1", "n2", "n3"])], test);
        await MovedAsync(controller);

        using CancellationTokenSource stop = new();
        Task<(int Done, int Lost)>[] tellers = [.. Enumerable.Range(0, Tellers).Select(i => TransferAsync(clerk, new Random(i), stop.Token))];
        ShardId shard = ShardFunction.Default.Of("{bank}"u8);
        for (int move = 0; move < 6; move++)
        {
            ShardMap map = await controller.GetMapAsync(test);
            await controller.MoveAsync(shard, map.Shards[shard.Value].Owner == 1 ? 2 : 1, test);
            await MovedAsync(controller);
            Assert.Equal(Accounts * Each, Sum(await ReadAsync(clerk)));
        }

        await stop.CancelAsync();
        int done = 0, lost = 0;
        foreach ((int Done, int Lost) teller in await Task.WhenAll(tellers)) (done, lost) = (done + teller.Done, lost + teller.Lost);
        Assert.Equal(Accounts * Each, Sum(await ReadAsync(clerk)));
        GetResult log = await clerk.GetAsync("{bank}log", test);
        Assert.Equal(done, log.Value.Length);
        output.WriteLine($"{done} transfers, {lost} that somebody else came before");
        Assert.True(done > 50, $"{done} transfers are no load.");
    }

    // A transfer fails when another one changed an account since it was read; its answer then tells what is there now.
    private static async Task<(int Done, int Lost)> TransferAsync(OrleansClerk clerk, Random random, CancellationToken stop)
    {
        int done = 0, lost = 0;
        while (!stop.IsCancellationRequested)
        {
            IReadOnlyList<TxnStepResult> seen = await ReadAsync(clerk);
            Assert.Equal(Accounts * Each, Sum(seen));
            int from = random.Next(Accounts), to = (from + random.Next(1, Accounts)) % Accounts;
            int amount = random.Next(1, 20);
            TxnResult result = await clerk.TransactAsync(
                Txn.If(When.Version(Account(from), seen[from].Version), When.Version(Account(to), seen[to].Version))
                    .Then(Do.Put(Account(from), Text(Amount(seen[from]) - amount)), Do.Put(Account(to), Text(Amount(seen[to]) + amount)), Do.Append("{bank}log", "."))
                    .Else(Reads()),
                CancellationToken.None);
            if (result.Succeeded) done++;
            else lost++;
            if (!result.Succeeded) Assert.Equal(Accounts * Each, Sum(result.Steps));
        }

        return (done, lost);
    }

    private static async Task<IReadOnlyList<TxnStepResult>> ReadAsync(OrleansClerk clerk) =>
        (await clerk.TransactAsync(Txn.Of(Reads()), CancellationToken.None)).Steps;

    private static TransactionStep[] Reads() => [.. Enumerable.Range(0, Accounts).Select(i => Do.Get(Account(i)))];

    private static string Account(int i) => Text(i, "{bank}account-");

    private static string Text(int number, string prefix = "") => string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}");

    private static int Amount(TxnStepResult step) => int.Parse(step.Text!, CultureInfo.InvariantCulture);

    private static int Sum(IReadOnlyList<TxnStepResult> accounts) => accounts.Sum(Amount);

    private static async Task MovedAsync(IShardController controller) =>
        await Eventually.Holds("all shards are where they shall be", async () =>
            (await controller.GetMapAsync()).Shards.All(static shard => !shard.IsMoving && shard.Owner == shard.Target));
}
