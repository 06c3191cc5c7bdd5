using System.Globalization;
using System.Text;
using Quorleans.Clerk;

namespace Quorleans.Client.Workload;

/// <summary>Runs a workload: clears its keys, lets all clients work, sums up.</summary>
internal sealed class WorkloadRun(IClerk clerk, HistoryWriter history, MonotonicClock clock, WorkloadOptions options)
{
    private const int PageLimit = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until the time is up or it is cancelled.</summary>
    /// <exception cref="ClientException">Keys of an earlier run could not be removed before the time was up.</exception>
    public async Task<WorkloadSummary> RunAsync(CancellationToken cancellationToken)
    {
        WorkloadTally tally = new();
        Random seeds = new(options.Seed);
        string run = seeds.Next().ToString("x", CultureInfo.InvariantCulture);
        long startNs = clock.NowNs;
        long endNs = startNs + (long)(options.Duration.TotalSeconds * 1e9);
        tally.Start(startNs);
        WorkloadClient[] clients =
        [
            .. Enumerable.Range(0, options.Clients).Select(caller => new WorkloadClient(
                clerk, history, tally, clock, options, new UniqueValues(run, caller, options.ValueBytes), new Random(seeds.Next()))),
        ];

        List<string> left = await FindKeysAsync(endNs, cancellationToken);
        bool[] cleared = await Task.WhenAll(clients.Select((client, caller) => client.ClearAsync(
            left.Where((_, index) => index % clients.Length == caller), endNs, cancellationToken)));
        if (!cancellationToken.IsCancellationRequested && cleared.Contains(false))
            throw new ClientException("keys of an earlier run could not be removed before the time was up; is the cluster well? see: status");

        // A history that cannot be written is of no use: stop with it.
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task work = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(endNs, stop.Token), CancellationToken.None)));
        if (await Task.WhenAny(work, history.Completion) != work) await stop.CancelAsync();
        await work;
        return tally.Finish(clock.NowNs);
    }

    private async Task<List<string>> FindKeysAsync(long endNs, CancellationToken cancellationToken)
    {
        List<string> found = [];
        string? token = null;
        while (true)
        {
            try
            {
                ScanPage page = await clerk.ScanAsync(
                    new ScanRequest { Prefix = "k"u8.ToArray(), Limit = PageLimit, Continuation = token }, cancellationToken);
                found.AddRange(page.Items.Select(item => Encoding.UTF8.GetString(item.Key.Span)).Where(IsOurs));
                token = page.Continuation;
                if (token is null) return found;
            }
            catch (ClerkException) when (clock.NowNs < endNs)
            {
                found.Clear();
                token = null;
                await Task.Delay(Pause, clock.Time, cancellationToken);
            }
        }
    }

    private bool IsOurs(string key) =>
        int.TryParse(key.AsSpan(key.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number < options.Keys && key == options.KeyName(number);
}
