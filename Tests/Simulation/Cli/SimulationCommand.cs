using System.CommandLine;
using System.Globalization;
using Quorleans.Tests.Shared;

namespace Quorleans.Simulation.Cli;

/// <summary>The command line.</summary>
internal sealed class SimulationCommand : RootCommand
{
    private readonly Option<string> _seeds = new("--seeds") { Description = "Which seeds to run, A-B.", HelpName = "A-B", DefaultValueFactory = _ => "1-1000" };
    private readonly Option<int> _workers = new("--workers") { Description = "On how many threads.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<double?> _minutes = new("--minutes") { Description = "Go on from the first seed for so long, instead of to the last seed.", HelpName = "M" };
    private readonly Option<string> _profile = new("--profile") { Description = "Which faults a seed may choose from.", HelpName = "NAME", DefaultValueFactory = _ => "full" };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Run this seed only.", HelpName = "S" };
    private readonly Option<bool> _trace = new("--trace") { Description = "With --seed: print everything that happens." };
    private readonly Option<ulong?> _shrink = new("--shrink") { Description = "Make this failing seed's run smaller while it still fails.", HelpName = "S" };
    private readonly Option<string[]> _without = new("--without") { Description = "Leave out a kind of fault; may be given several times.", HelpName = "KIND" };
    private readonly Option<int> _clients = new("--clients") { Description = "At most so many clients.", HelpName = "N" };
    private readonly Option<int> _seconds = new("--seconds") { Description = "At most so many simulated seconds of faults.", HelpName = "N" };
    private readonly Option<int> _faultsEvery = new("--faults-every") { Description = "So many times fewer faults.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _operationsEvery = new("--operations-every") { Description = "So many times fewer operations.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _marks = new("--marks") { Description = "Print how often each mark was reached." };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "Print one line: 'ok RUNS', or 'violation RUNS SEED INVARIANT'." };

    internal SimulationCommand()
        : base("Runs the real nodes, logs and Clerks in a simulated world under faults, a world for each seed, and checks Raft's invariants and linearizability.\n\n"
            + "Exit status: 0 all seeds passed, 1 a violation, 2 wrong usage, 130 interrupted.")
    {
        _profile.AcceptOnlyFromAmong([.. SimulationOptions.Profiles]);
        foreach (Option option in new Option[] { _seeds, _workers, _minutes, _profile, _seed, _trace, _shrink, _without, _clients, _seconds, _faultsEvery, _operationsEvery, _marks, _quiet })
            Options.Add(option);
        _workers.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() is > 0 and <= 256, "--workers is 1 to 256"));
        _seeds.Validators.Add(result => Require(result, TryRange(result.GetValueOrDefault<string>(), out _, out _), "--seeds is A-B, such as 1-1000"));
        SetAction(Run);
    }

    private static void Require(System.CommandLine.Parsing.OptionResult result, bool condition, string message)
    {
        if (!condition) result.AddError(message);
    }

    private int Run(ParseResult parsed)
    {
        using Interruption interruption = new();
        SimulationOptions template = new()
        {
            Seed = 0, Profile = parsed.GetRequiredValue(_profile), Without = parsed.GetValue(_without) ?? [], Clients = parsed.GetValue(_clients),
            Seconds = parsed.GetValue(_seconds), FaultsEvery = Math.Max(1, parsed.GetValue(_faultsEvery)), OperationsEvery = Math.Max(1, parsed.GetValue(_operationsEvery)),
        };
        Report report = new(Console.Out, parsed.GetValue(_quiet));
        if (parsed.GetValue(_shrink) is { } shrunk) return Shrink(template with { Seed = shrunk }, report, interruption.Token);
        if (parsed.GetValue(_seed) is { } seed) return One(template with { Seed = seed, Trace = parsed.GetValue(_trace) ? Console.Out.WriteLine : null }, report);
        TryRange(parsed.GetRequiredValue(_seeds), out ulong from, out ulong to);
        TimeSpan? limit = parsed.GetValue(_minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
        Campaign campaign = new(Runs(template, from, limit is null ? to : ulong.MaxValue), parsed.GetValue(_workers), limit) { Progress = report.Progress };
        campaign.Run(interruption.Token);
        report.Campaign(campaign, parsed.GetValue(_marks));
        return campaign.Failed is not null ? 1 : interruption.IsRequested ? Interruption.ExitCode : 0;
    }

    private static IEnumerable<SimulationOptions> Runs(SimulationOptions template, ulong from, ulong to)
    {
        foreach (ulong seed in SeedFile.Read(template.Profile)) yield return template with { Seed = seed };
        for (ulong seed = from; seed <= to; seed++) yield return template with { Seed = seed };
    }

    private static int One(SimulationOptions options, Report report)
    {
        RunResult result = Simulator.Run(options);
        report.One(result);
        return result.Violation is null ? 0 : 1;
    }

    private static int Shrink(SimulationOptions options, Report report, CancellationToken cancel)
    {
        RunResult result = Simulator.Run(options);
        if (result.Violation is null)
        {
            report.One(result);
            return 0;
        }

        report.One(Shrinker.Shrink(result, report.Line, cancel));
        return 1;
    }

    private static bool TryRange(string? text, out ulong from, out ulong to)
    {
        (from, to) = (0, 0);
        string[] parts = (text ?? "").Split('-');
        return parts.Length == 2 && ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out from)
            && ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out to) && from <= to;
    }
}
