using System.CommandLine;
using Quorleans.Tests.Shared;

namespace Quorleans.Mutation;

/// <summary>The gate: every known bug is put back, one at a time, and must be found.</summary>
internal static class GateCommand
{
    internal static RootCommand Create()
    {
        Option<string[]> mutant = new("--mutant") { Description = "Only these: R1, K3…", AllowMultipleArgumentsPerToken = true };
        Option<int> seeds = new("--seeds") { Description = "How many seeds the simulator may need.", DefaultValueFactory = _ => 2000 };
        Option<int> minutes = new("--minutes") { Description = "How many minutes a hunt may take.", DefaultValueFactory = _ => 5 };
        Option<bool> labs = new("--labs") { Description = "Runs the labs' scenarios against the mutants that name some; at least one must fail." };
        Option<bool> check = new("--check") { Description = "Also fails when the README's table does not name just these mutants." };
        Option<bool> write = new("--write") { Description = "Writes what was run into the README's table." };
        RootCommand gate = new("Puts each known bug back and shows who finds it.") { mutant, seeds, minutes, labs, check, write };
        gate.SetAction(parsed =>
        {
            using Interruption interruption = new();
            string root = Root();
            string[] only = parsed.GetValue(mutant) ?? [];
            IReadOnlyList<Mutant> all = Mutant.ReadAll(Path.Combine(root, "Tests", "Mutation", "mutants"));
            Mutant[] chosen = [.. all.Where(one => only.Length == 0 || only.Contains(one.Id, StringComparer.OrdinalIgnoreCase)).Where(one => !parsed.GetValue(labs) || one.Labs.Count > 0)];
            if (chosen.Length == 0) return Fail("There is no such mutant.");
            string readme = Path.Combine(root, "Tests", "Mutation", "README.md");
            try
            {
                Hunt hunt = new(root, parsed.GetValue(seeds), TimeSpan.FromMinutes(parsed.GetValue(minutes)));
                List<(Mutant Mutant, Catch Catch, string Hunter)> results = RunAll(root, chosen, hunt, parsed.GetValue(labs), interruption);
                int survivors = results.Count(static result => !result.Catch.Found);
                Console.WriteLine($"{results.Count} mutants, {results.Count - survivors} found, {survivors} survive.");
                if (parsed.GetValue(write)) ResultTable.Write(readme, parsed.GetValue(labs) ? ResultTable.Labs : ResultTable.Gate, all, results);
                string[] wrong = parsed.GetValue(check) ? [.. ResultTable.Compare(readme, all)] : [];
                foreach (string line in wrong) Console.WriteLine($"README.md: {line}");
                return survivors > 0 || wrong.Length > 0 ? 1 : results.Count < chosen.Length ? Interruption.ExitCode : 0;
            }
            catch (MutationException e)
            {
                return Fail(e.Message);
            }
        });
        return gate;
    }

    private static List<(Mutant Mutant, Catch Catch, string Hunter)> RunAll(string root, Mutant[] chosen, Hunt hunt, bool labs, Interruption interruption)
    {
        SourceCompiler compiler = new(root);
        string place = Directory.CreateTempSubdirectory("quorleans-mutants-").FullName;
        interruption.Ending = () =>
        {
            hunt.End();
            Directory.Delete(place, recursive: true);
        };
        List<(Mutant, Catch, string)> results = [];
        try
        {
            // A mutant that does not fit any more is to be known at once, not after an hour.
            foreach (Mutant mutant in chosen) mutant.Apply(root);
            foreach (Mutant mutant in chosen)
            {
                if (interruption.IsRequested) break;
                string folder = Path.Combine(place, mutant.Id);
                compiler.Compile(mutant, folder);
                (Catch found, string hunter) = labs ? (hunt.Labs(folder, mutant.Labs), "labs") : Hunt(hunt, mutant, folder);
                if (interruption.IsRequested) break; // a terminal tells the hunting program, too: what it says now says nothing
                results.Add((mutant, found, hunter));
                Console.WriteLine($"{mutant.Id,-22} {(found.Found ? $"found by {hunter} after {found.Needed}: {found.By}" : $"SURVIVES {found.Needed}")} [{found.Took.TotalSeconds:F1} s] {mutant.Title}");
                Directory.Delete(folder, recursive: true);
            }
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }

        return results;
    }

    private static (Catch Catch, string Hunter) Hunt(Hunt hunt, Mutant mutant, string folder)
    {
        (Catch Catch, string Hunter) last = default;
        foreach (string hunter in mutant.Hunt)
        {
            Catch one = hunter switch
            {
                "simulation" => hunt.Simulation(folder),
                "sharded" => hunt.Simulation(folder, "sharded"),
                "crash-points" => hunt.CrashPoints(folder),
                "labs" => hunt.Labs(folder, mutant.Labs),
                _ when hunter.StartsWith("tests:", StringComparison.Ordinal) => hunt.Tests(folder, hunter["tests:".Length..]),
                _ => throw new MutationException($"{mutant.Id}: '{hunter}' is no hunter; there are simulation, sharded, crash-points, labs, and tests:CLASS."),
            };
            last = (one, hunter);
            if (last.Catch.Found) break;
        }

        return last;
    }

    private static int Fail(string why)
    {
        Console.Error.WriteLine(why);
        return 2;
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Orleans.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new MutationException("The gate must run inside the repository.");
    }
}
