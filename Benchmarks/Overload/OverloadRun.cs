using System.Globalization;
using Quorleans.Benchmarks.Handoff;
using Quorleans.Grains.Raft;

namespace Quorleans.Benchmarks.Overload;

/// <summary>
/// What more clients than can be served do to those that are: looks for the number that saturates the cluster, then has as many, three and ten times as many in turn. Once
/// with the limits as they are, where ten times as many only wait in line; once with a limit at that number, where nine of ten are refused and come back.
/// </summary>
internal sealed class OverloadRun
{
    private const int FewestClients = 8, MostClients = 1024;
    private const double SaturatedAt = 0.95, WantedOfPeak = 0.8;
    private const double Megabyte = 1 << 20;
    private static readonly int[] Factors = [1, 3, 10];

    /// <summary>How long a round counts.</summary>
    public required TimeSpan Round { get; init; }

    /// <summary>How many rounds of each; medians count.</summary>
    public required int Rounds { get; init; }

    /// <summary>Bytes of a value.</summary>
    public required int ValueBytes { get; init; }

    /// <summary>How much longer each sync takes than the disk does.</summary>
    public required TimeSpan AddedSync { get; init; }

    /// <summary>The number of clients that saturates; null to look for it.</summary>
    public required int? Saturating { get; init; }

    /// <summary>Where progress goes.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>Measures.</summary>
    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        List<Mark> marks = [];
        int clients;
        double peak;
        await using (BenchCluster cluster = await BenchCluster.StartAsync(Configure, null, cancellationToken))
        {
            Say("warming up");
            await new ClientCrowd(cluster, 64, ValueBytes).RunAsync(TimeSpan.Zero, Round, cancellationToken);
            (clients, peak) = await SaturateAsync(cluster, cancellationToken);
            marks.AddRange(await MeasureAsync(cluster, clients, peak, "limits as they are", cancellationToken));
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"a cluster that takes {clients} batches at a time and refuses the others"));
        await using (BenchCluster cluster = await BenchCluster.StartAsync(options => Configure(options) with { Raft = options.Raft with { MaxPendingEntries = clients } }, null, cancellationToken))
        {
            await new ClientCrowd(cluster, clients, ValueBytes).RunAsync(TimeSpan.Zero, Round, cancellationToken);
            marks.AddRange(await MeasureAsync(cluster, clients, peak: 0, "a limit at saturation", cancellationToken));
        }

        return marks;
    }

    private NodeServiceOptions Configure(NodeServiceOptions options) =>
        AddedSync > TimeSpan.Zero ? options with { ChangeDisk = disk => new SlowDisk(disk, AddedSync) } : options;

    private async Task<(int Clients, double Peak)> SaturateAsync(BenchCluster cluster, CancellationToken cancellationToken)
    {
        if (Saturating is { } given) return (given, 0);
        List<CrowdResult> results = [];
        double peak = 0;
        int flat = 0;
        for (int clients = FewestClients; clients <= MostClients; clients *= 2)
        {
            CrowdResult result = await RoundAsync(cluster, clients, "looking for saturation", cancellationToken);
            results.Add(result);
            // Twice in a row hardly anything is gained by doubling: what comes behind is overload.
            flat = result.PutsPerSecond * SaturatedAt > peak ? 0 : flat + 1;
            peak = Math.Max(peak, result.PutsPerSecond);
            if (flat == 2) break;
        }

        int saturating = results.First(result => result.PutsPerSecond >= peak * SaturatedAt).Clients;
        Say(string.Create(CultureInfo.InvariantCulture, $"{saturating} clients saturate it: {peak:F0} puts/s at most"));
        return (saturating, peak);
    }

    private async Task<IReadOnlyList<Mark>> MeasureAsync(BenchCluster cluster, int clients, double peak, string how, CancellationToken cancellationToken)
    {
        Dictionary<int, List<CrowdResult>> results = Factors.ToDictionary(static factor => factor, static _ => new List<CrowdResult>());
        Dictionary<int, List<double>> settled = Factors.ToDictionary(static factor => factor, static _ => new List<double>());
        for (int round = 0; round < Rounds; round++)
        {
            foreach (int factor in Factors)
            {
                results[factor].Add(await RoundAsync(cluster, clients * factor, $"{factor} ×, {how}", cancellationToken));
                // What is left when the clients have gone, without garbage.
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                settled[factor].Add(GC.GetTotalMemory(forceFullCollection: true) / Megabyte);
            }
        }

        foreach (int factor in Factors) peak = Math.Max(peak, Rate(results[factor]));
        List<CrowdResult> most = results[Factors[^1]];
        List<Mark> marks =
        [
            .. Factors[..^1].Select(factor => Mark.Beside($"{how}: {clients * factor} clients ({factor} ×)", Mark.Text(Rate(results[factor]), "puts/s"))),
            Mark.AtLeast($"{how}: {clients * Factors[^1]} clients ({Factors[^1]} ×), {Mark.Text(Rate(most), "puts/s")}, against the peak of {Mark.Text(peak, "puts/s")}", Rate(most) / peak, WantedOfPeak, "×"),
            Mark.AtMost($"{how}: p99 at {Factors[^1]} × against the wait in line, {Factors[^1]} × the mean at saturation", Percentile(most, 99), 3 * Factors[^1] * clients / peak * 1000, "ms"),
            Mark.AtMost($"{how}: the slowest of all", results.Values.SelectMany(static all => all).Max(static result => result.Latencies.Max) / 1e6, 10_500, "ms"),
            Mark.Is($"{how}: no put failed but as busy", Describe(most), most.All(static result => result.Failures.Keys.All(static error => error == Quorleans.Clerk.ClerkError.Busy))),
            Mark.Beside($"{how}: batches refused as busy at {Factors[^1]} ×, of those sent", Mark.Text(100.0 * most.Sum(static result => result.Refused) / (most.Sum(static result => result.Refused) + most.Sum(static result => result.Latencies.Count)), "%")),
            Mark.AtMost($"{how}: managed memory after {Factors[^1]} × when the clients have gone, against after 1 × ({Mark.Text(settled[1].Max(), "MiB")})", settled[Factors[^1]].Max(), (settled[1].Max() * 1.2) + 32, "MiB"),
        ];
        return marks;
    }

    private static double Rate(IEnumerable<CrowdResult> results) => Percentiles.Of(results.Select(static result => result.PutsPerSecond), 50);

    private static double Percentile(IEnumerable<CrowdResult> results, double percentile) => Percentiles.Of(results.Select(result => result.Latencies.Percentile(percentile) / 1e6), 50);

    private static string Describe(IEnumerable<CrowdResult> results)
    {
        string[] failures = [.. results.SelectMany(static result => result.Failures).GroupBy(static failure => failure.Key).Select(static group => $"{group.Sum(static failure => failure.Value)} {group.Key}")];
        return failures.Length == 0 ? "no failure" : string.Join(", ", failures);
    }

    private async Task<CrowdResult> RoundAsync(BenchCluster cluster, int clients, string what, CancellationToken cancellationToken)
    {
        CrowdResult result = await new ClientCrowd(cluster, clients, ValueBytes).RunAsync(TimeSpan.FromSeconds(1), Round, cancellationToken);
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {clients} clients, {result.PutsPerSecond:F0} puts/s, p50 {result.Latencies.Percentile(50) / 1e6:F1} ms, p99 {result.Latencies.Percentile(99) / 1e6:F1} ms, max {result.Latencies.Max / 1e6:F0} ms, {result.Refused} refused as busy, {Describe([result])}, at most {result.WaitingMost} batches of {result.WaitingBytesMost / 1024} KiB waiting, resident {result.ResidentEarly / Megabyte:F0} to {result.ResidentMost / Megabyte:F0} MiB, heap with garbage {result.HeapMost / Megabyte:F0} MiB; {result.Costs}"));
        return result;
    }
}
