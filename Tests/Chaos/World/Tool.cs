using System.ComponentModel;
using System.Diagnostics;

namespace Quorleans.Chaos;

/// <summary>Runs the system's tools.</summary>
internal static class Tool
{
    /// <summary>Runs one to its end.</summary>
    /// <returns>Null, or what it complained about.</returns>
    public static string? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)}: {error.Trim()}";
        }
        catch (Win32Exception e)
        {
            return $"{program}: {e.Message}";
        }
    }

    /// <summary>Runs one line of words to its end.</summary>
    /// <exception cref="InvalidOperationException">It complained.</exception>
    public static void Must(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Run(words[0], words[1..]) is { } problem) throw new InvalidOperationException(problem);
    }
}
