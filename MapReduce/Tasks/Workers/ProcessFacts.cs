using System.Globalization;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>What the system knows of a process.</summary>
/// <param name="ResidentBytes">Its memory that is not on the disk only.</param>
/// <param name="Threads">How many threads it has.</param>
/// <param name="Processor">The processor time that it took.</param>
internal readonly record struct ProcessFacts(long ResidentBytes, int Threads, TimeSpan Processor)
{
    private const int TicksPerSecond = 100;

    /// <summary>Asks, or gives null when it is gone.</summary>
    public static ProcessFacts? Of(System.Diagnostics.Process process)
    {
        try
        {
            if (OperatingSystem.IsLinux()) return Read(File.ReadAllText($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/stat"));
            process.Refresh();
            return new ProcessFacts(process.WorkingSet64, process.Threads.Count, process.TotalProcessorTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    // proc(5): the second part is the program's name in parentheses, in which there may be anything; the third is next.
    private static ProcessFacts? Read(string stat)
    {
        string[] parts = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        long Part(int number) => long.Parse(parts[number - 3], CultureInfo.InvariantCulture);
        return parts.Length < 24 - 2 ? null : new ProcessFacts(Part(24) * Environment.SystemPageSize, (int)Part(20), TimeSpan.FromSeconds((double)(Part(14) + Part(15)) / TicksPerSecond));
    }
}
