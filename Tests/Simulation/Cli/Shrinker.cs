namespace Quorleans.Simulation.Cli;

/// <summary>Makes a failing run smaller while it still breaks the same invariant: fewer kinds of faults, clients, seconds, faults, operations.</summary>
internal static class Shrinker
{
    internal static RunResult Shrink(RunResult failed, Action<string> report, CancellationToken cancel)
    {
        bool again = true;
        while (again)
        {
            again = false;
            foreach ((string what, SimulationOptions smaller) in Smaller(failed))
            {
                if (cancel.IsCancellationRequested) return failed;
                RunResult result = Simulator.Run(smaller);
                if (result.Violation?.Invariant != failed.Violation!.Invariant) continue;
                report($"still fails {what}: {result.Faults.Values.Sum()} faults of {result.Faults.Count} kinds, {result.Operations} operations, {result.Simulated.TotalSeconds:F1} s");
                failed = result;
                again = true;
                break;
            }
        }

        return failed;
    }

    private static IEnumerable<(string What, SimulationOptions Options)> Smaller(RunResult failed)
    {
        SimulationOptions now = failed.Options;
        int end = (int)Math.Ceiling(failed.Violation!.AtUs / 1e6) + 1;
        int seconds = now.Seconds == 0 ? 45 : now.Seconds;
        if (end < seconds) yield return ($"in {end} s", now with { Seconds = end });
        if (seconds > 2) yield return ($"in {seconds / 2} s", now with { Seconds = seconds / 2 });
        string[] kinds = [.. failed.Faults.Keys.Order(StringComparer.Ordinal)];
        if (kinds.Length > 3)
        {
            yield return ("without half of the kinds", now with { Without = [.. now.Without, .. kinds.Where((_, i) => i % 2 == 0)] });
            yield return ("without the other half of the kinds", now with { Without = [.. now.Without, .. kinds.Where((_, i) => i % 2 == 1)] });
        }

        foreach (string kind in kinds) yield return ($"without {kind}", now with { Without = [.. now.Without, kind] });
        for (int clients = 1; clients < (now.Clients == 0 ? 4 : now.Clients); clients++) yield return ($"with {clients} clients", now with { Clients = clients });
        if (now.FaultsEvery < 16) yield return ("with half of the faults", now with { FaultsEvery = now.FaultsEvery * 2 });
        if (now.OperationsEvery < 16) yield return ("with half of the operations", now with { OperationsEvery = now.OperationsEvery * 2 });
    }
}
