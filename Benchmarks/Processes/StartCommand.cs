using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Quorleans.Benchmarks.Processes;

/// <summary><c>start</c>: how soon silo processes are ready.</summary>
internal sealed class StartCommand : Command
{
    private readonly Option<int> _keys = new("--keys") { Description = "How many keys.", HelpName = "N", DefaultValueFactory = static _ => 1_000_000 };
    private readonly Option<int> _rounds = new("--rounds") { Description = "How often each is measured; the worst counts.", HelpName = "N", DefaultValueFactory = static _ => 3 };

    public StartCommand()
        : base("start", "How soon silo processes are ready: on empty directories, and with a million keys.")
    {
        Add(_keys);
        Add(_rounds);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        Report.Begin("three silo processes and the client share them");
        return Report.End(await new StartPart(parsed.GetRequiredValue(_keys), parsed.GetRequiredValue(_rounds), text =>
            AnsiConsole.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Stopwatch.GetElapsedTime(started).TotalSeconds,5:F0} s[/]  {text}")).RunAsync(cancellationToken));
    }
}
