using System.Collections.Concurrent;
using Quorleans.Clerk;

namespace Quorleans.Cluster.Tests.Replication;

/// <summary>
/// Callers that append tokens, each unique, to a few keys. What must hold at the end, whatever happened on the way: a value holds every
/// acknowledged token exactly once, no token twice, and each caller's tokens in the order in which it sent them.
/// </summary>
internal sealed class AppendLoad(int keys = 4)
{
    private readonly ConcurrentDictionary<string, bool> _acknowledged = new();
    private int _unknown;
    private int _runs;

    public int Acknowledged => _acknowledged.Count;

    public int Unknown => _unknown;

    /// <summary>Runs callers until it is cancelled; returns when the last has its answer.</summary>
    public Task RunAsync(IClerk clerk, int callers, CancellationToken until)
    {
        int run = Interlocked.Increment(ref _runs);
        return Task.WhenAll(Enumerable.Range(0, callers).Select(caller => RunAsync(clerk, $"{run}-{caller}", caller, until)));
    }

    public async Task VerifyAsync(IClerk clerk)
    {
        var found = new List<string>();
        for (int key = 0; key < keys; key++)
        {
            string[] tokens = (await clerk.GetStringAsync($"k{key}") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(tokens.Length, tokens.Distinct().Count());
            foreach (IGrouping<string, string> caller in tokens.GroupBy(static token => token[..token.LastIndexOf('.')]))
            {
                int[] numbers = [.. caller.Select(static token => int.Parse(token[(token.LastIndexOf('.') + 1)..], System.Globalization.CultureInfo.InvariantCulture))];
                Assert.Equal(numbers.Order(), numbers);
            }

            found.AddRange(tokens);
        }

        string[] missing = [.. _acknowledged.Keys.Except(found)];
        Assert.True(missing.Length == 0, $"{missing.Length} acknowledged appends are missing, such as {missing.FirstOrDefault()}.");
        Assert.InRange(found.Count, Acknowledged, Acknowledged + Unknown);
    }

    private async Task RunAsync(IClerk clerk, string caller, int first, CancellationToken until)
    {
        for (int number = 0; !until.IsCancellationRequested; number++)
        {
            string token = $"{caller}.{number}";
            try
            {
                await clerk.AppendAsync($"k{(first + number) % keys}", token + ";", CancellationToken.None);
                _acknowledged[token] = true;
            }
            catch (ClerkException e) when (e.Outcome == OperationOutcome.Unknown)
            {
                Interlocked.Increment(ref _unknown);
            }
            catch (ClerkException)
            {
                // It surely did not happen, so the token may not be found.
            }
        }
    }
}
