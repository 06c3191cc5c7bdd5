using System.Diagnostics;
using System.Globalization;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>The most memory that this process had at a time.</summary>
internal static class ResidentMemory
{
    private const string ResetPeak = "5";

    /// <summary>Begins anew, where the system can.</summary>
    public static void Reset()
    {
        if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", ResetPeak);
    }

    /// <summary>The peak since then, in MB.</summary>
    public static double PeakMegabytes()
    {
        if (!OperatingSystem.IsLinux()) return Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
