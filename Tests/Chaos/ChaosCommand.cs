using System.CommandLine;
using Quorleans.Tests.Shared;

namespace Quorleans.Chaos;

/// <summary>The command line.</summary>
internal sealed class ChaosCommand : RootCommand
{
    private readonly Option<double> _minutes = new("--minutes") { Description = "For how long faults are injected.", HelpName = "M", DefaultValueFactory = static _ => 1 };
    private readonly Option<int> _seed = new("--seed") { Description = "What the schedule of faults follows from.", HelpName = "N", DefaultValueFactory = static _ => Random.Shared.Next(1, 1_000_000) };
    private readonly Option<int> _nodes = new("--nodes") { Description = "How many silo processes: 3, 4 or 5.", HelpName = "N", DefaultValueFactory = static _ => 5 };
    private readonly Option<int> _clients = new("--clients") { Description = "How many clients of the workload at once.", HelpName = "N", DefaultValueFactory = static _ => 8 };
    private readonly Option<string[]> _without = new("--without") { Description = $"Faults to leave out: {string.Join(", ", Enum.GetNames<FaultKind>()).ToLowerInvariant()}.", HelpName = "FAULT", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _keep = new("--keep") { Description = "Keep history and logs although nothing was wrong." };

    public ChaosCommand()
        : base("Lets silo processes of a real cluster die, hang, lose their network and their disk space under a workload, and checks what clients saw. Exit status 1: a violation; its history and logs are kept.")
    {
        foreach (Option option in (Option[])[_minutes, _seed, _nodes, _clients, _without, _keep]) Add(option);
        _without.AcceptOnlyFromAmong([.. Enum.GetNames<FaultKind>().Select(static name => name.ToLowerInvariant())]);
        Check(_minutes, static minutes => minutes is > 0 and <= 7 * 24 * 60, "more than 0, and at most a week");
        Check(_nodes, static nodes => nodes is >= 3 and <= 5, "3, 4 or 5");
        Check(_clients, static clients => clients is >= 1 and <= 1000, "1 to 1000");
        SetAction(RunAsync);
    }

    private static void Check<T>(Option<T> option, Func<T, bool> isGood, string allowed) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1 && result.GetValueOrDefault<T>() is { } value && !isGood(value)) result.AddError($"{option.Name} must be {allowed}.");
    });

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using Interruption interruption = new();
        ChaosOptions options = new()
        {
            Duration = TimeSpan.FromMinutes(parsed.GetRequiredValue(_minutes)),
            Seed = parsed.GetRequiredValue(_seed),
            Nodes = parsed.GetRequiredValue(_nodes),
            Clients = parsed.GetRequiredValue(_clients),
            Without = [.. (parsed.GetValue(_without) ?? []).Select(static name => Enum.Parse<FaultKind>(name, ignoreCase: true))],
            Keep = parsed.GetValue(_keep),
        };
        using Log log = new();
        return await new ChaosRun(options, log).RunAsync(interruption);
    }
}
