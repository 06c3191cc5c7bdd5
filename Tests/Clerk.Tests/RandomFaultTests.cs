using System.Globalization;
using System.Text;
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
        FakeGroup group = new(time, random);
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
        Check(history, values);
        return history;
    }

    private static void Check(List<Seen> history, Dictionary<string, string> values)
    {
        Dictionary<string, int> places = [];
        foreach ((string key, string value) in values)
        {
            int place = 0;
            foreach (string token in value.Split(';', StringSplitOptions.RemoveEmptyEntries))
                Assert.True(places.TryAdd($"{key} {token};", place++), $"{token} was appended twice to {key}");
        }

        foreach (Seen seen in history)
        {
            ClerkOperation operation = seen.Operation;
            bool happened = places.ContainsKey($"{seen.Key} {seen.Token}");
            if (seen.EndMs < 0) continue;
            Assert.InRange(seen.EndMs - seen.CallMs, 0, 10_000);
            if (operation.Error is not null)
            {
                Assert.True(operation.Error is ClerkError.DeadlineExceeded or ClerkError.Busy, operation.ErrorMessage);
                Assert.False(happened && operation.Outcome == OperationOutcome.DidNotHappen, $"{seen.Token} happened: {operation.ErrorMessage}");
                Assert.True(seen.CallMs < FaultsMs, $"an operation failed after the faults had ended: {operation.ErrorMessage}");
            }
            else if (seen.Token.Length > 0)
            {
                Assert.True(happened, $"{seen.Token} was acknowledged and is not there");
            }
        }

        foreach ((string key, string value) in values) CheckOrder(key, value, history, places);
    }

    /// <summary>
    /// An append-only register is linearizable if what ended before another began stands before it: appends by their place, gets by how
    /// much they saw.
    /// </summary>
    private static void CheckOrder(string key, string value, List<Seen> history, Dictionary<string, int> places)
    {
        List<(long Ms, bool IsCall, int Low, Seen Seen)> events = [];
        foreach (Seen seen in history)
        {
            if (seen.Key != key || seen.EndMs < 0 || seen.Operation.Error is not null) continue;
            int rank = seen.Token.Length > 0
                ? places[$"{key} {seen.Token}"] + 1
                : CountTokens(key, Encoding.UTF8.GetString(seen.Operation.ResultValue.Span), value);
            events.Add((seen.CallMs, true, rank, seen));
            events.Add((seen.EndMs, false, rank, seen));
        }

        // Calls before returns at equal times: they overlap.
        events.Sort(static (a, b) => a.Ms != b.Ms ? a.Ms.CompareTo(b.Ms) : b.IsCall.CompareTo(a.IsCall));
        int seenEnded = 0;
        Dictionary<Seen, int> atLeast = [];
        foreach ((long ms, bool isCall, int rank, Seen seen) in events)
        {
            if (isCall)
            {
                atLeast[seen] = seenEnded;
                continue;
            }

            bool isAppend = seen.Token.Length > 0;
            Assert.True(
                isAppend ? rank > atLeast[seen] : rank >= atLeast[seen],
                string.Create(CultureInfo.InvariantCulture, $"{key} at {ms} ms: an operation with place {rank} began after {atLeast[seen]} had ended"));
            seenEnded = Math.Max(seenEnded, rank);
        }
    }

    private static int CountTokens(string key, string read, string final)
    {
        Assert.True(final.StartsWith(read, StringComparison.Ordinal), $"a get of {key} saw what never was: {read}");
        int count = 0;
        foreach (char c in read)
            if (c == ';') count++;
        return count;
    }
}
