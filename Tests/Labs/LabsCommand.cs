using System.CommandLine;
using System.Globalization;
using Quorleans.Tests.Shared;

namespace Quorleans.Labs;

/// <summary>The command line: <c>list</c> and <c>run</c>.</summary>
internal static class LabsCommand
{
    internal static RootCommand Create() => new("The labs' scenarios for Raft and for the key/value store, in virtual time.") { List(), Run() };

    private static Command List()
    {
        Command list = new("list", "Names every scenario and what happens in it.");
        list.SetAction(_ =>
        {
            foreach (IGrouping<string, Scenario> part in Catalog.All.GroupBy(scenario => scenario.Part))
            {
                Console.WriteLine(part.Key);
                foreach (Scenario scenario in part) Console.WriteLine($"  {scenario.Name,-66} {scenario.About}");
            }

            Console.WriteLine($"{Catalog.Lab2.Count} of lab 2, {Catalog.Lab3.Count} of lab 3, {Catalog.Lab4A.Count} of lab 4A, {Catalog.Lab4B.Count} of lab 4B, {Catalog.Beyond.Count} beyond them.");
            return 0;
        });
        return list;
    }

    private static Command Run()
    {
        Option<string[]> lab = new("--lab") { Description = "A scenario's name, or the beginning of some; all when none is given.", AllowMultipleArgumentsPerToken = true };
        Option<string> seeds = new("--seeds") { Description = "One seed, or a range.", DefaultValueFactory = _ => "1-50" };
        Option<int> threads = new("--threads") { Description = "Runs beside each other.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<bool> trace = new("--trace") { Description = "Writes every event to the error stream; for one scenario and one seed." };
        Command run = new("run", "Runs scenarios, and prints each limit with the worst value that any seed measured, and the margin.") { lab, seeds, threads, trace };
        run.SetAction(parsed =>
        {
            string[] names = parsed.GetValue(lab) ?? [];
            Scenario[] chosen = [.. Catalog.All.Where(scenario => names.Length == 0 || names.Any(name => scenario.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)))];
            int[] range = Range(parsed.GetValue(seeds)!);
            if (chosen.Length == 0 || range.Length == 0) return Refuse("Nothing to run: see `list`, and give seeds as 7 or 1-50.");
            if (!parsed.GetValue(trace)) return Print(chosen, range, parsed.GetValue(threads));
            if (chosen.Length != 1 || range.Length != 1) return Refuse("A trace is of one scenario and one seed.");
            ScenarioResult result = new(chosen[0], [ScenarioRunner.Run(chosen[0], range[0], Console.Error.WriteLine)], default);
            Console.WriteLine(result.Explain());
            return result.FirstFailure is null ? 0 : 1;
        });
        return run;
    }

    private static int Print(Scenario[] chosen, int[] seeds, int threads)
    {
        using Interruption interruption = new();
        return Report.Print(chosen, seeds, threads, interruption.Token);
    }

    private static int Refuse(string why)
    {
        Console.Error.WriteLine(why);
        return 2;
    }

    private static int[] Range(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2
            && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int from)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int to) && to >= from
            ? [.. Enumerable.Range(from, to - from + 1)]
            : [];
    }
}
