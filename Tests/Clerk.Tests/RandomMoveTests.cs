using Quorleans.Clerk.Tests.World;
using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>
/// Three Clerks against up to four groups whose shards move all the time, which leave and join again elsewhere, over a network that loses, repeats, delays
/// and reorders, in virtual time.
/// </summary>
public sealed class RandomMoveTests
{
    private const int FaultsMs = 15_000;
    private const int Keys = 24;

    [Theory]
    [InlineData(1, 25, true)]
    [InlineData(1001, 5, false)]
    public void NothingIsLostDoubledOrMisreported_WhileShardsMove(int firstSeed, int seeds, bool batching)
    {
        Totals totals = new();
        for (int seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            try
            {
                Run(seed, batching, totals);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, batching {batching}: {e.Message}", e);
            }
        }

        // The moves must have been felt: otherwise nothing was tested.
        string counts = totals.ToString();
        Assert.True(totals.Acknowledged > seeds * 400 && totals.Moves > seeds * 40 && totals.Refusals > seeds * 50, counts);
        Assert.True(totals.Departures > 0 && totals.WholeScans > seeds * 20, counts);
        TestContext.Current.SendDiagnosticMessage(counts);
    }

    /// <summary>The checks find what they are for.</summary>
    [Theory]
    [InlineData("sessions stay behind")]
    [InlineData("scans lie")]
    public void APlantedBugIsFound(string bug)
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            try
            {
                Run(seed, batching: true, new Totals(), bug);
            }
            catch (Xunit.Sdk.XunitException e)
            {
                TestContext.Current.SendDiagnosticMessage($"{bug}: seed {seed}: {e.Message}");
                return;
            }
        }

        Assert.Fail($"not found: {bug}");
    }

    private static void Run(int seed, bool batching, Totals totals, string bug = "")
    {
        Random random = new(seed);
        VirtualTime time = new();
        ShardFunction shards = ShardFunction.HashTag(8);
        FakeShardedCluster cluster = new(time, random, shards) { SessionsAreLost = bug == "sessions stay behind", ScansLie = bug == "scans lie" };
        cluster.Disturb();
        FakeClerk[] clerks = new FakeClerk[3];
        for (int i = 0; i < clerks.Length; i++)
        {
            ClerkOptions options = new()
            {
                Shards = shards,
                Controller = "ctl",
                MapRefresh = TimeSpan.FromMilliseconds(random.Next(500, 30_000)),
                Batching = batching,
                MaxBatchesInFlight = random.Next(1, 4),
                MaxBatchOperations = random.Next(1, 20),
                OperationTimeout = TimeSpan.FromMilliseconds(random.Next(3) == 0 ? 1_500 : 10_000),
                AttemptTimeout = TimeSpan.FromMilliseconds(random.Next(200, 2_000)),
            };
            clerks[i] = new FakeClerk(i, time, random, cluster, options) { Keys = Keys, DoesScan = true };
            clerks[i].Start(callers: 8);
        }

        time.RunUntil(FaultsMs);
        cluster.Heal();
        time.RunUntil(FaultsMs + 5_000);
        foreach (FakeClerk clerk in clerks) clerk.Stopped = true;
        time.RunUntil(FaultsMs + 30_000);

        List<Seen> history = [];
        foreach (FakeClerk clerk in clerks)
        {
            Assert.Equal(0, clerk.Outstanding);
            history.AddRange(clerk.History);
        }

        Dictionary<string, string> values = [];
        for (int k = 0; k < Keys; k++) values[$"k{k}"] = cluster.Value($"k{k}");
        // The last moves take a while to end.
        HistoryCheck.Run(history, values, FaultsMs + 3_000);
        foreach (FakeClerk clerk in clerks) totals.WholeScans += HistoryCheck.RunScans(clerk.Scans, history, values);
        foreach (Seen seen in history) totals.Count(seen);
        totals.Moves += cluster.Moves;
        totals.Departures += cluster.Departures;
        totals.Refusals += cluster.Refusals;
    }

    private sealed class Totals
    {
        public int Acknowledged { get; private set; }

        public int Unknown { get; private set; }

        public int DidNotHappen { get; private set; }

        public int Moves { get; set; }

        public int Departures { get; set; }

        public int Refusals { get; set; }

        public int WholeScans { get; set; }

        public void Count(Seen seen)
        {
            if (seen.EndMs < 0 || seen.Token.Length == 0) return;
            if (seen.Operation.Error is null) Acknowledged++;
            else if (seen.Operation.Outcome == OperationOutcome.Unknown) Unknown++;
            else DidNotHappen++;
        }

        public override string ToString() =>
            $"{Acknowledged} acknowledged, {Unknown} unknown, {DidNotHappen} did not happen; {Moves} moves, {Refusals} refusals, {Departures} departures, {WholeScans} whole scans";
    }
}
