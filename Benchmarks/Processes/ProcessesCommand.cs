using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Quorleans.Tests.Shared.Processes;
using Spectre.Console;

namespace Quorleans.Benchmarks.Processes;

/// <summary><c>processes</c>: what clients notice of deaths, pauses and restarts of silo processes, beside the marks.</summary>
internal sealed class ProcessesCommand : Command
{
    // What --only names, in the order in which they run.
    private static readonly (string Name, Func<ProcessesOptions, CancellationToken, Task<IReadOnlyList<Mark>>> Run)[] Parts =
    [
        ("start", static (options, cancellation) => new StartPart(options).RunAsync(cancellation)),
        ("kills", static (options, cancellation) => new KillsPart(options).RunAsync(cancellation)),
        ("stops", static (options, cancellation) => new StopsPart(options).RunAsync(cancellation)),
        ("rolling", static (options, cancellation) => new RollingPart(options).RunAsync(cancellation)),
    ];

    private readonly Option<string[]> _only = new("--only") { Description = $"Only these: {string.Join(", ", Parts.Select(static part => part.Name))}.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int?> _rounds = new("--rounds") { Description = "How many rounds: by default 3 starts of each kind, 50 kills, 3 pauses of each length, 1 rolling restart.", HelpName = "N" };
    private readonly Option<int> _clients = new("--clients") { Description = "How many clients write during rolling restarts.", HelpName = "N", DefaultValueFactory = static _ => 32 };
    private readonly Option<int> _keys = new("--keys") { Description = "How many keys a process starts with.", HelpName = "N", DefaultValueFactory = static _ => 1_000_000 };
    private readonly Option<bool> _oneClient = new("--one-client") { Description = "Connect as a client that was told gateways only, without connections to single nodes: for comparison." };
    private readonly Option<FileInfo> _silo = new("--silo") { Description = "The silo to start, such as dotnet publish -c Release Silo makes, compiled ahead; by default the one that was built with this.", HelpName = "FILE" };

    public ProcessesCommand()
        : base("processes", "Measure three silo processes: their start, kill -9 and pauses of the leader's, rolling restarts. About ten minutes; status 1 when a mark is missed.")
    {
        foreach (Option option in (Option[])[_only, _rounds, _clients, _keys, _oneClient, _silo.AcceptExistingOnly()]) Add(option);
        _only.AcceptOnlyFromAmong([.. Parts.Select(static part => part.Name)]);
        foreach (Option option in (Option[])[_rounds, _clients, _keys])
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && number <= 0) result.AddError($"{option.Name} must be 1 or more.");
            });
        }

        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] only = parsed.GetValue(_only) is { Length: > 0 } chosen ? chosen : [.. Parts.Select(static part => part.Name)];
        long started = Stopwatch.GetTimestamp();
        Report.Begin("three silo processes and the client share them");
        ProcessesOptions options = new(
            parsed.GetValue(_rounds), parsed.GetRequiredValue(_clients), parsed.GetRequiredValue(_keys), parsed.GetValue(_oneClient), parsed.GetValue(_silo)?.FullName ?? Programs.Silo,
            text => AnsiConsole.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Stopwatch.GetElapsedTime(started).TotalSeconds,5:F0} s[/]  {text}"));
        List<Mark> marks = [];
        foreach ((string name, Func<ProcessesOptions, CancellationToken, Task<IReadOnlyList<Mark>>> run) in Parts)
            if (only.Contains(name)) marks.AddRange(await run(options, cancellationToken));
        return Report.End(marks);
    }
}

/// <summary>What the parts are told.</summary>
/// <param name="Rounds">How many rounds; null: as many as the part thinks right.</param>
/// <param name="Clients">How many clients write during rolling restarts.</param>
/// <param name="Keys">How many keys a process starts with.</param>
/// <param name="OneClient">Whether the client has no connections to single nodes.</param>
/// <param name="Silo">The silo's program.</param>
/// <param name="Say">Tells a person how far it is.</param>
internal sealed record ProcessesOptions(int? Rounds, int Clients, int Keys, bool OneClient, string Silo, Action<string> Say);
