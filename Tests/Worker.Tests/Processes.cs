using System.Diagnostics;
using System.Globalization;

namespace Quorleans.Worker.Tests;

/// <summary>Which processes there are.</summary>
internal static class Processes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Whether a process runs. One that has ended and that nobody waited for does not.</summary>
    public static bool Runs(int id)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The processes that run <c>sleep 1000</c> in a group.</summary>
    public static int[] InGroup(int group) => [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(static name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
        .Select(static name => int.Parse(name!, CultureInfo.InvariantCulture)).Where(id => Runs(id) && GroupOf(id) == group)];

    /// <summary>Waits until it is so.</summary>
    public static async Task UntilAsync(string what, Func<bool> condition)
    {
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(20));
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience) throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {what}.");
            await pause.WaitForNextTickAsync();
        }
    }

    private static int GroupOf(int id)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[2], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1;
        }
    }
}
