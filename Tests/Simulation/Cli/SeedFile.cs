using System.Globalization;

namespace Quorleans.Simulation.Cli;

/// <summary>Seeds that once failed, run before all others for ever: a seed on each line, then why.</summary>
internal static class SeedFile
{
    internal const string Name = "seeds.txt";

    internal static IReadOnlyList<ulong> Read()
    {
        List<ulong> seeds = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, Name)))
        {
            string text = line.Split('#')[0].Trim();
            if (text.Length > 0) seeds.Add(ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture));
        }

        return seeds;
    }
}
