using System.Globalization;

namespace Quorleans.Simulation.Cli;

/// <summary>Seeds that once failed, run before all others of their profile for ever: on each line a seed, its profile unless it is <c>full</c>, then why.</summary>
internal static class SeedFile
{
    internal const string Name = "seeds.txt";

    internal static IReadOnlyList<ulong> Read(string profile = "full")
    {
        List<ulong> seeds = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, Name)))
        {
            string[] words = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0 && (words.Length > 1 ? words[1] : "full") == profile) seeds.Add(ulong.Parse(words[0], NumberStyles.None, CultureInfo.InvariantCulture));
        }

        return seeds;
    }
}
