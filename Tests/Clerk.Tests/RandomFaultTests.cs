using Quorleans.Clerk.Tests.World;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>
/// Three Clerks against a group that stalls, crashes and changes its leader, over a network that loses, repeats, delays and reorders, in
/// virtual time. Every value appended is unique, so that one look at the final values tells what happened, how often, and in which order.
/// </summary>
public sealed class RandomFaultTests
{
    private const int FaultsMs = 20_000;

    [Theory]
    [InlineData(1, 40, true)]
    [InlineData(1001, 10, false)]
    public void NothingIsLostDoubledOrMisreported_UnderRandomFaults(int firstSeed, int seeds, bool batching)
    {
        int acknowledged = 0, unknown = 0, didNotHappen = 0, retried = 0;
        for (int seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            try
            {
                foreach (Seen seen in Run(seed, batching))
                {
                    if (seen.EndMs < 0 || seen.Token.Length == 0) continue;
                    if (seen.Operation.Error is null) acknowledged++;
                    else if (seen.Operation.Outcome == OperationOutcome.Unknown) unknown++;
                    else didNotHappen++;
                    if (seen.Operation.Attempts > 1) retried++;
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, batching {batching}: {e.Message}", e);
            }
        }

        // The faults must have been felt: otherwise nothing was tested.
        string counts = $"{acknowledged} acknowledged, {unknown} unknown, {didNotHappen} did not happen, {retried} retried";
        Assert.True(acknowledged > seeds * 500 && unknown > seeds / 4 && retried > seeds * 50, counts);
        TestContext.Current.SendDiagnosticMessage(counts);
    }

    private static List<Seen> Run(int seed, bool batching)
    {
        Random random = new(seed);
        VirtualTime time = new();
        FakeGroup group = new(time, random, new FakeStore(), "n1", "n2", "n3");
        group.Disturb();
        FakeClerk[] clerks = new FakeClerk[3];
        for (int i = 0; i < clerks.Length; i++)
        {
            ClerkOptions options = new()
            {
                Batching = batching,
                MaxBatchesInFlight = random.Next(1, 4),
                MaxBatchOperations = random.Next(1, 20),
                OperationTimeout = TimeSpan.FromMilliseconds(random.Next(3) == 0 ? 1_500 : 10_000),
                AttemptTimeout = TimeSpan.FromMilliseconds(random.Next(200, 2_000)),
            };
            clerks[i] = new FakeClerk(i, time, random, group, options);
            clerks[i].Start(callers: 8);
        }

        time.RunUntil(FaultsMs);
        group.Heal();
        time.RunUntil(FaultsMs + 5_000);
        foreach (FakeClerk clerk in clerks) clerk.Stopped = true;
        time.RunUntil(FaultsMs + 30_000);

        List<Seen> history = [];
        foreach (FakeClerk clerk in clerks)
        {
            Assert.Equal(0, clerk.Outstanding);
            Assert.InRange(clerk.Probes, 1, 25 * FaultsMs / 1000);
            history.AddRange(clerk.History);
        }

        Dictionary<string, string> values = [];
        for (int k = 0; k < 5; k++) values[$"k{k}"] = group.Value($"k{k}");
        HistoryCheck.Run(history, values, FaultsMs);
        return history;
    }
}
