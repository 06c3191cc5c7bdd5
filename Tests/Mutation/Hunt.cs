using System.Diagnostics;
using System.Globalization;

namespace Quorleans.Mutation;

/// <summary>What a hunt came to.</summary>
/// <param name="Found">Whether the mutant was caught.</param>
/// <param name="By">What caught it: an invariant, a promise, a scenario.</param>
/// <param name="Needed">How many seeds or points were run up to that.</param>
/// <param name="Took">How long it took.</param>
internal sealed record Catch(bool Found, string By, long Needed, TimeSpan Took);

/// <summary>Runs one of the programs that hunt, with assemblies of a mutant in place of the product's.</summary>
internal sealed class Hunt(string root, int seeds, TimeSpan limit)
{
    private volatile Process? _running;

    /// <summary>Ends the program that hunts now, if one does.</summary>
    internal void End() => _running?.Kill(entireProcessTree: true);

    /// <summary>The simulator, seed after seed.</summary>
    internal Catch Simulation(string mutant, string profile = "full")
    {
        (int status, string output, TimeSpan took) = Run("Simulation", "Quorleans.Simulation", mutant, ["--seeds", $"1-{seeds}", "--quiet", "--profile", profile]);
        string[] words = Last(output).Split(' ', 4);
        if (status == 1 && words is ["violation", var runs, var seed, var invariant])
        {
            // What fails without the mutant too says nothing about the mutant.
            if (Run("Simulation", "Quorleans.Simulation", Path.Combine(mutant, "control"), ["--seed", seed, "--quiet", "--profile", profile]).Status != 0)
                throw new MutationException($"Seed {seed} fails without any mutant too ({invariant}): mend that first.");
            return new Catch(true, $"{invariant} (seed {seed})", long.Parse(runs, CultureInfo.InvariantCulture), took);
        }

        return NotCaught(status, words[0] == "ok", output, seeds, took);
    }

    /// <summary>The sweep of crash points, then that of failing writes and syncs.</summary>
    internal Catch CrashPoints(string mutant)
    {
        Catch last = null!;
        foreach (string[] arguments in (string[][])[["--quiet", "--stride", "11"], ["faults", "--quiet", "--stride", "3"]])
        {
            (int status, string output, TimeSpan took) = Run("CrashPoints", "Quorleans.CrashPoints", mutant, arguments);
            string[] words = Last(output).Split(' ', 3);
            if (status == 1 && words is ["violation", var points, var promise]) return new Catch(true, promise, long.Parse(points, CultureInfo.InvariantCulture), took);
            last = NotCaught(status, words[0] == "ok", output, words.Length > 1 && long.TryParse(words[1], out long run) ? run : 0, took);
            if (last.Found) return last;
        }

        return last;
    }

    /// <summary>The labs' scenarios whose names begin so.</summary>
    internal Catch Labs(string mutant, IReadOnlyList<string> names)
    {
        string[] arguments = ["run", "--seeds", "1-20", "--lab", .. names];
        (int status, string output, TimeSpan took) = Run("Labs", "Quorleans.Labs", mutant, arguments);
        string[] failed = [.. output.Split('\n').Where(static line => line.StartsWith("FAIL ", StringComparison.Ordinal)).Select(static line => line["FAIL ".Length..].Trim().Split(' ')[0])];
        if (status != 1 || failed.Length == 0) return NotCaught(status, isOk: true, output, 20, took);
        if (Run("Labs", "Quorleans.Labs", Path.Combine(mutant, "control"), ["run", "--seeds", "1-20", "--lab", .. failed]).Status != 0)
            throw new MutationException($"Of {string.Join(", ", failed)} one fails without any mutant too: mend that first.");
        return new Catch(true, string.Join(", ", failed), failed.Length, took);
    }

    /// <summary>The tests of one class: of <c>Tests/Raft.Tests</c>, or of another project when the class stands behind its name and a slash.</summary>
    internal Catch Tests(string mutant, string @class)
    {
        int slash = @class.IndexOf('/', StringComparison.Ordinal);
        (string project, string name) = slash < 0 ? ("Raft.Tests", @class) : (@class[..slash], @class[(slash + 1)..]);
        string assembly = $"Quorleans.{project}";
        string[] arguments = ["-class", $"{assembly}.{name}", "-noLogo", "-noColor"];
        (int status, string output, TimeSpan took) = Run(project, assembly, mutant, arguments);
        string[] failed = [.. output.Split('\n').Select(static line => line.Trim()).Where(static line => line.EndsWith(" [FAIL]", StringComparison.Ordinal)).Select(NameOf)];
        if (output.Contains("Total: 0", StringComparison.Ordinal)) throw new MutationException($"Tests/{project} has no class {name} with tests.");
        if (status != 1 || failed.Length == 0) return NotCaught(status, isOk: true, output, 0, took);
        if (Run(project, assembly, Path.Combine(mutant, "control"), arguments).Status != 0)
            throw new MutationException($"{@class} fails without any mutant too: mend that first.");
        return new Catch(true, string.Join(", ", failed.Take(3)), failed.Length, took);
    }

    // From "Quorleans.Raft.Tests.TranscriptTests.OutputIsAsWritten(name: "figure-8") [FAIL]" what tells it from the others.
    private static string NameOf(string line)
    {
        int quote = line.IndexOf('"', StringComparison.Ordinal);
        return quote >= 0 ? line[(quote + 1)..line.IndexOf('"', quote + 1)] : line.Split(' ', '(')[0].Split('.')[^1];
    }

    // What ends neither well nor with a violation was found too, unless it could not even begin. No end in time says nothing: many seeds take long.
    private static Catch NotCaught(int status, bool isOk, string output, long needed, TimeSpan took)
    {
        if (status == 0 && isOk) return new Catch(false, "", needed, took);
        if (status == Hung) return new Catch(false, "no end within the time", needed, took);
        string why = output.Split('\n').FirstOrDefault(static line => line.Contains("Exception", StringComparison.Ordinal) || line.Contains("overflow", StringComparison.Ordinal))?.Trim() ?? Last(output);
        if (why.Contains("TypeLoad", StringComparison.Ordinal) || why.Contains("MissingMethod", StringComparison.Ordinal) || why.Contains("FileNotFound", StringComparison.Ordinal))
            throw new MutationException($"The hunt could not begin: {why}");
        return new Catch(true, $"the process ended with {status}: {why}", needed, took);
    }

    private const int Hung = -1;

    private (int Status, string Output, TimeSpan Took) Run(string project, string assembly, string mutant, IReadOnlyList<string> arguments)
    {
        string place = Path.Combine(mutant, project);
        string built = Path.Combine(root, "Tests", project, "bin", "Release", "net10.0");
        if (!File.Exists(Path.Combine(built, assembly + ".dll"))) throw new MutationException($"{built} is not built; run the gate with -c Release.");
        Directory.CreateDirectory(place); // and with it the mutant's folder, which is empty for a control
        foreach (string file in Directory.EnumerateFiles(built)) File.Copy(file, Path.Combine(place, Path.GetFileName(file)), overwrite: true);
        CopyData(Path.Combine(root, "Tests", project, "testdata"), Path.Combine(place, "testdata"));
        foreach (string file in Directory.EnumerateFiles(mutant, "*.dll"))
            if (File.Exists(Path.Combine(place, Path.GetFileName(file)))) File.Copy(file, Path.Combine(place, Path.GetFileName(file)), overwrite: true);
        ProcessStartInfo start = new("dotnet", [Path.Combine(place, assembly + ".dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Stopwatch clock = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        _running = process;
        bool ended = process.WaitForExit(limit);
        if (!ended) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        _running = null;
        string text = output.Result + errors.Result;
        return (ended ? process.ExitCode : Hung, text, clock.Elapsed);
    }

    private static void CopyData(string from, string to)
    {
        if (!Directory.Exists(from)) return;
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private static string Last(string output) => output.TrimEnd().Split('\n')[^1].Trim();
}
