using System.Diagnostics;

namespace Quorleans.Simulation.Cli;

/// <summary>Runs many seeds on several threads, and adds up what they came to. Stops at the first violation, in the order of the runs.</summary>
internal sealed class Campaign(IEnumerable<SimulationOptions> runs, int workers, TimeSpan? limit)
{
    private readonly Lock _lock = new();
    private readonly IEnumerator<SimulationOptions> _runs = runs.GetEnumerator();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _next;
    private long _end = long.MaxValue;

    /// <summary>Called now and then, while it runs.</summary>
    internal Action<CampaignTotals>? Progress { get; set; }

    internal CampaignTotals Totals { get; } = new();

    /// <summary>The first run that failed, in the order of the runs, or null.</summary>
    internal RunResult? Failed { get; private set; }

    /// <summary>How many runs there were up to the failed one.</summary>
    internal long RunsToFailure => _end + 1;

    internal void Run(CancellationToken cancel)
    {
        Thread[] threads = new Thread[workers];
        for (int i = 0; i < workers; i++)
        {
            threads[i] = new Thread(() => Work(cancel)) { Name = $"worker {i + 1}", IsBackground = true };
            threads[i].Start();
        }

        TimeSpan nextReport = TimeSpan.FromSeconds(5);
        foreach (Thread thread in threads)
            while (!thread.Join(TimeSpan.FromMilliseconds(200)))
            {
                if (_watch.Elapsed < nextReport) continue;
                nextReport = _watch.Elapsed + TimeSpan.FromSeconds(5);
                lock (_lock)
                {
                    Totals.Elapsed = _watch.Elapsed;
                    Progress?.Invoke(Totals);
                }
            }

        Totals.Elapsed = _watch.Elapsed;
    }

    private void Work(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested && Take(out long number) is { } options)
        {
            RunResult result = Simulator.Run(options);
            lock (_lock)
            {
                Totals.Add(result);
                if (result.Violation is null || number >= _end) continue;
                (_end, Failed) = (number, result); // runs before this one go on, later ones are not begun
            }
        }
    }

    private SimulationOptions? Take(out long number)
    {
        lock (_lock)
        {
            number = _next;
            bool over = _next >= _end || (limit is { } most && _watch.Elapsed >= most) || !_runs.MoveNext();
            if (over) return null;
            _next++;
            return _runs.Current;
        }
    }
}

/// <summary>What many runs came to.</summary>
internal sealed class CampaignTotals
{
    private readonly HashSet<ulong> _states = [];

    internal int Runs { get; private set; }

    /// <summary>Runs that count as tested time.</summary>
    internal int Counting { get; private set; }

    /// <summary>Simulated time of the runs that count.</summary>
    internal TimeSpan Simulated { get; private set; }

    internal long Operations { get; private set; }

    internal long Events { get; private set; }

    internal long Elections { get; private set; }

    internal long Committed { get; private set; }

    internal SortedDictionary<string, long> Faults { get; } = new(StringComparer.Ordinal);

    internal Marks Marks { get; } = new();

    internal int States => _states.Count;

    internal TimeSpan Elapsed { get; set; }

    internal double HoursPerMinute => Elapsed > TimeSpan.Zero ? Simulated.TotalHours / Elapsed.TotalMinutes : 0;

    internal void Add(RunResult result)
    {
        Runs++;
        Operations += result.Operations;
        Events += result.Events;
        Elections += result.Elections;
        Committed += result.Committed;
        foreach ((string kind, int count) in result.Faults) Faults[kind] = Faults.GetValueOrDefault(kind) + count;
        Marks.Add(result.Marks);
        if (_states.Count < 5_000_000) _states.UnionWith(result.States);
        if (!result.Counts) return;
        Counting++;
        Simulated += result.Simulated;
    }
}
