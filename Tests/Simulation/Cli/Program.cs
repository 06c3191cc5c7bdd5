using System.CommandLine;

namespace Quorleans.Simulation.Cli;

/// <summary>The program.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        ParseResult parsed = new SimulationCommand().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        // The signals are the command's own: the library would abort the process two seconds after the first.
        if (parsed.Errors.Count == 0) return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
        Console.Error.WriteLine($"{parsed.Errors[0].Message.TrimEnd('.')} (see: --help)");
        return 2;
    }
}
