using System.Diagnostics;
using System.Globalization;

namespace Quorleans.Benchmarks.Overload;

/// <summary>What a process spent in a time.</summary>
/// <param name="Processors">How many it kept busy.</param>
/// <param name="Pauses">The part of the time in which its threads stood still for collections.</param>
/// <param name="Collections">How many there were.</param>
/// <param name="AllocatedMiB">What it allocated.</param>
internal sealed record ProcessCosts(double Processors, double Pauses, int Collections, double AllocatedMiB)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Processors:F2} processors, {Pauses * 100:F0} % of the time in {Collections} collections of {AllocatedMiB:F0} MiB");

    /// <summary>Begins to measure this process.</summary>
    public static Func<ProcessCosts> Begin()
    {
        Process process = Process.GetCurrentProcess();
        long start = Stopwatch.GetTimestamp();
        (TimeSpan processors, TimeSpan pauses, long allocated, int collections) = (process.TotalProcessorTime, GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
        return () =>
        {
            process.Refresh();
            double whole = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return new ProcessCosts(
                (process.TotalProcessorTime - processors).TotalSeconds / whole, (GC.GetTotalPauseDuration() - pauses).TotalSeconds / whole, GC.CollectionCount(0) - collections,
                (GC.GetTotalAllocatedBytes() - allocated) / (double)(1 << 20));
        };
    }
}
