using System.Globalization;

namespace Quorleans.Processes.Tests;

/// <summary>The longer runs, by command: see README.md.</summary>
internal static class LongRun
{
    /// <summary>How many rounds a test makes: many when the environment variable QUORLEANS_ROUNDS says so.</summary>
    public static int Rounds(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("QUORLEANS_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) ? Math.Max(rounds, usual) : usual;
}
