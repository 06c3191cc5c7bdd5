using System.Globalization;
using System.Text;
using Xunit;

namespace Quorleans.Clerk.Tests.World;

/// <summary>
/// Judges what callers saw. Every value appended is unique, so that one look at the final values tells what happened, how often, and in which order.
/// </summary>
internal static class HistoryCheck
{
    /// <summary>Checks appends and gets.</summary>
    /// <param name="history">What the callers saw.</param>
    /// <param name="values">The values at the end.</param>
    /// <param name="faultsEndMs">Operations that begin after it must succeed.</param>
    public static void Run(List<Seen> history, Dictionary<string, string> values, long faultsEndMs)
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
                Assert.True(seen.CallMs < faultsEndMs, $"an operation failed after the faults had ended: {operation.ErrorMessage}");
            }
            else if (seen.Token.Length > 0)
            {
                Assert.True(happened, $"{seen.Token} was acknowledged and is not there");
                // What the transaction read behind its own append is what the key then was, whichever attempt is answered.
                if (operation.ResultTransaction is { } transaction)
                    Assert.EndsWith(seen.Token, transaction.Steps[1].Text!, StringComparison.Ordinal);
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

    /// <summary>
    /// Checks scans: every page in order and within its limit, none with a key of the page before; and what was acknowledged before a scan began, or before
    /// the page that ought to hold it was asked for, is there. Keys are never deleted here.
    /// </summary>
    public static int RunScans(List<SeenScan> scans, List<Seen> history, Dictionary<string, string> values)
    {
        Dictionary<string, List<Seen>> appends = [];
        foreach (string key in values.Keys) appends.Add(key, []);
        foreach (Seen seen in history)
            if (seen.Token.Length > 0 && seen.EndMs >= 0 && seen.Operation.Error is null) appends[seen.Key].Add(seen);
        int whole = 0;
        foreach (SeenScan scan in scans)
        {
            string last = "";
            foreach ((long callMs, _, ClerkOperation operation) in scan.Pages)
            {
                if (operation.ResultPage is not { } page) continue;
                string previous = last;
                Assert.InRange(page.Items.Count, 0, scan.Limit);
                Dictionary<string, string> found = [];
                foreach (ScanItem item in page.Items)
                {
                    string key = Encoding.UTF8.GetString(item.Key.Span);
                    Assert.True(string.CompareOrdinal(key, last) > 0, $"{key} after {last}");
                    last = key;
                    string value = Encoding.UTF8.GetString(item.Value.Span);
                    Assert.True(values[key].StartsWith(value, StringComparison.Ordinal), $"a scan saw of {key} what never was: {value}");
                    found.Add(key, value);
                }

                // A page that is not the last one answers for all keys up to its last; the last one for all that are left.
                foreach ((string key, List<Seen> before) in appends)
                {
                    bool isDue = string.CompareOrdinal(key, previous) > 0
                        && (page.Continuation is null || string.CompareOrdinal(key, last) <= 0);
                    if (!isDue) continue;
                    string value = found.GetValueOrDefault(key, "");
                    foreach (Seen append in before)
                    {
                        if (append.EndMs >= callMs) continue;
                        Assert.True(value.Contains(append.Token, StringComparison.Ordinal), $"a page asked for at {callMs} ms misses {append.Token} of {key}");
                    }
                }
            }

            if (scan.IsWhole) whole++;
        }

        return whole;
    }
}
