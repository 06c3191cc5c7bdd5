using System.Globalization;
using Quorleans.Benchmarks.Handoff;
using Quorleans.Clerk;
using Quorleans.Grains.Raft;

namespace Quorleans.Benchmarks.Overload;

/// <summary>
/// What more clients than can be served do to those that are: looks for the number that saturates the cluster, then has as many, three and ten times as many in turn. With the
/// limits as they are ten times as many only wait in line; with a limit at that number nine of ten are refused and come back. The clients are a process of their own.
/// </summary>
internal sealed class OverloadRun
{
    private const int FewestClients = 8, MostClients = 2048;
    private const double SaturatedAt = 0.95, WantedOfPeak = 0.8;
    private static readonly int[] Factors = [1, 3, 10];

    /// <summary>How long a round counts.</summary>
    public required TimeSpan Round { get; init; }

    /// <summary>How many rounds of each; medians count.</summary>
    public required int Rounds { get; init; }

    /// <summary>Which parts.</summary>
    public required IReadOnlyList<OverloadPart> Parts { get; init; }

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
        int? alone = Saturating;
        foreach (OverloadPart part in Parts)
        {
            // A limit is set where clients of this kind saturate the nodes without one.
            if (part.Refuses && alone is null)
            {
                await using BenchCluster free = await BenchCluster.StartAsync(options => Configure(options, null), null, cancellationToken);
                await using CrowdProcess clients = CrowdProcess.Start(free.Gateways);
                (alone, _) = await SaturateAsync(free, clients, part, cancellationToken);
            }

            await using BenchCluster cluster = await BenchCluster.StartAsync(options => Configure(options, part.Refuses ? alone : null), null, cancellationToken);
            await using CrowdProcess crowd = CrowdProcess.Start(cluster.Gateways);
            Say($"warming up: {part.How}");
            await OverloadRound.RunAsync(cluster, crowd, Plan(part, 64), cancellationToken);
            (int saturating, int best) = part.Refuses ? (alone!.Value, alone.Value) : Saturating is { } given ? (given, given) : await SaturateAsync(cluster, crowd, part, cancellationToken);
            if (part is { Clerks: 0, Refuses: false }) alone = saturating;
            marks.AddRange(await MeasureAsync(cluster, crowd, part, saturating, best, cancellationToken));
        }

        return marks;
    }

    private NodeServiceOptions Configure(NodeServiceOptions options, int? limit)
    {
        if (AddedSync > TimeSpan.Zero) options = options with { ChangeDisk = disk => new SlowDisk(disk, AddedSync) };
        return limit is { } most ? options with { Raft = options.Raft with { MaxPendingEntries = most } } : options;
    }

    private CrowdPlan Plan(OverloadPart part, int clients) => new(clients, part.ClerksOf(clients), TimeSpan.FromSeconds(1), Round, ValueBytes);

    /// <summary>Looks for the fewest clients that saturate the nodes, and for the number that gets most out of them.</summary>
    private async Task<(int Clients, int Best)> SaturateAsync(BenchCluster cluster, CrowdProcess crowd, OverloadPart part, CancellationToken cancellationToken)
    {
        List<CrowdResult> results = [];
        double peak = 0;
        int flat = 0;
        for (int clients = FewestClients; clients <= MostClients; clients *= 2)
        {
            CrowdResult result = (await RoundAsync(cluster, crowd, part, clients, "looking for saturation", cancellationToken)).Crowd;
            results.Add(result);
            // Twice in a row hardly anything is gained by doubling: what comes behind is overload.
            flat = result.PutsPerSecond * SaturatedAt > peak ? 0 : flat + 1;
            peak = Math.Max(peak, result.PutsPerSecond);
            if (flat == 2) break;
        }

        int saturating = results.First(result => result.PutsPerSecond >= peak * SaturatedAt).Clients;
        int best = results.MaxBy(static result => result.PutsPerSecond)!.Clients;
        Say(string.Create(CultureInfo.InvariantCulture, $"{saturating} clients saturate it, most puts with {best}: {peak:F0} puts/s"));
        return (saturating, best);
    }

    private async Task<IReadOnlyList<Mark>> MeasureAsync(BenchCluster cluster, CrowdProcess crowd, OverloadPart part, int clients, int best, CancellationToken cancellationToken)
    {
        // One round says little on a machine that is not always equally fast, and the most of many rounds is the luckiest: the number that got most before is measured again, in turn with the others.
        Dictionary<int, List<OverloadRound>> rounds = Factors.ToDictionary(static factor => factor, static _ => new List<OverloadRound>());
        List<OverloadRound> again = [];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (int factor in Factors) rounds[factor].Add(await RoundAsync(cluster, crowd, part, clients * factor, $"{factor} ×", cancellationToken));
            if (best != clients) again.Add(await RoundAsync(cluster, crowd, part, best, "most before", cancellationToken));
        }

        double peak = rounds.Values.Append(again).Where(static of => of.Count > 0).Max(Rate);
        List<OverloadRound> most = rounds[Factors[^1]];
        double settled = rounds[1].Max(static round => round.SettledMiB);
        string how = part.How;
        return
        [
            .. Factors[..^1].Select(factor => Mark.Beside($"{how}: {clients * factor} clients ({factor} ×)", Mark.Text(Rate(rounds[factor]), "puts/s"))),
            Mark.AtLeast($"{how}: {clients * Factors[^1]} clients ({Factors[^1]} ×), {Mark.Text(Rate(most), "puts/s")}, against the peak of {Mark.Text(peak, "puts/s")}", Rate(most) / peak, WantedOfPeak, "×"),
            Mark.Beside($"{how}: puts a processor's second at {Factors[^1]} ×, against {Mark.Text(PerProcessor(rounds[1]), "puts")} at 1 ×", Mark.Text(PerProcessor(most) / PerProcessor(rounds[1]), "×")),
            Mark.AtMost($"{how}: p99 at {Factors[^1]} × against the wait in line, {Factors[^1]} × the mean at saturation", Percentiles.Of(most.Select(static round => round.Crowd.P99Ms), 50), 3 * Factors[^1] * clients / peak * 1000, "ms"),
            Mark.AtMost($"{how}: the slowest of all", rounds.Values.SelectMany(static all => all).Max(static round => round.Crowd.MaxMs), 10_500, "ms"),
            Mark.Is($"{how}: no put failed but as busy", Describe(most.Select(static round => round.Crowd)), most.All(static round => round.Crowd.Failures.Keys.All(static error => error == ClerkError.Busy))),
            Mark.Beside($"{how}: batches refused as busy at {Factors[^1]} ×, of those sent", Mark.Text(100.0 * most.Sum(static round => round.Crowd.Refused) / most.Sum(static round => round.Crowd.Batches), "%")),
            Mark.AtMost($"{how}: nodes' managed memory after {Factors[^1]} × when the clients have gone, against after 1 × ({Mark.Text(settled, "MiB")})", most.Max(static round => round.SettledMiB), (settled * 1.2) + 32, "MiB"),
        ];
    }

    private static double Rate(IEnumerable<OverloadRound> rounds) => Percentiles.Of(rounds.Select(static round => round.Crowd.PutsPerSecond), 50);

    private static double PerProcessor(IEnumerable<OverloadRound> rounds) => Percentiles.Of(rounds.Select(static round => round.PutsPerProcessor), 50);

    private static string Describe(IEnumerable<CrowdResult> results)
    {
        string[] failures = [.. results.SelectMany(static result => result.Failures).GroupBy(static failure => failure.Key).Select(static group => $"{group.Sum(static failure => failure.Value)} {group.Key}")];
        return failures.Length == 0 ? "no failure" : string.Join(", ", failures);
    }

    private async Task<OverloadRound> RoundAsync(BenchCluster cluster, CrowdProcess crowd, OverloadPart part, int clients, string what, CancellationToken cancellationToken)
    {
        OverloadRound round = await OverloadRound.RunAsync(cluster, crowd, Plan(part, clients), cancellationToken);
        CrowdResult result = round.Crowd;
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{part.How}, {what}: {clients} clients, {result.PutsPerSecond:F0} puts/s, {round.PutsPerProcessor:F0} a processor, all served once after {result.FirstsMs:F0} ms, p50 {result.P50Ms:F1} ms, p99 {result.P99Ms:F1} ms, max {result.MaxMs:F0} ms, {result.Batches} batches sent, {result.Refused} refused as busy, {Describe([result])}, at most {round.WaitingMost} batches of {round.WaitingKiBMost} KiB waiting, resident {round.ResidentMostMiB:F0} MiB, managed afterwards {round.SettledMiB:F0} MiB; nodes: {round.Nodes}; clients: {result.Costs}"));
        return round;
    }
}
