using System.CommandLine;

namespace Quorleans.Simulation.Cli;

/// <summary>The program.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        ParseResult parsed = new SimulationCommand().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count == 0) return parsed.Invoke();
        Console.Error.WriteLine($"{parsed.Errors[0].Message.TrimEnd('.')} (see: --help)");
        return 2;
    }
}
