using System.Diagnostics;

namespace Quorleans.Benchmarks.MapReduce.Peers;

/// <summary>Another program that does the same job on the same file.</summary>
/// <param name="Name">Its name, with what matters of its settings.</param>
/// <param name="Check">A shell command that succeeds when it is here; it also prepares what is not to be measured.</param>
/// <param name="Command">The shell command that is measured. In all three commands {input}, {output}, {scratch} and {peers} are replaced by paths.</param>
internal sealed record Peer(string Name, string Check, string Command)
{
    /// <summary>Whether it can be run.</summary>
    public bool IsHere(string scratch) => Shell(Check, "", "", scratch) == 0;

    /// <summary>Runs it.</summary>
    /// <returns>How many seconds it took.</returns>
    public double Run(string input, string output, string scratch)
    {
        long start = Stopwatch.GetTimestamp();
        int status = Shell(Command, input, output, scratch);
        return status == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"{Name} failed with status {status}");
    }

    private static int Shell(string command, string input, string output, string scratch)
    {
        string text = command.Replace("{input}", input, StringComparison.Ordinal).Replace("{output}", output, StringComparison.Ordinal)
            .Replace("{scratch}", scratch, StringComparison.Ordinal).Replace("{peers}", Path.Combine(AppContext.BaseDirectory, "MapReduce", "Peers"), StringComparison.Ordinal);
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", text]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
