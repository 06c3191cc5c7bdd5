using System.Globalization;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>Says for people how a process ended that nobody had ended.</summary>
internal static class WorkerEnd
{
    private const int SignalBase = 128;
    private const int MostSignal = 64;

    /// <param name="status">The exit status; 128 and more: ended by a signal.</param>
    /// <param name="lastWords">What it wrote last.</param>
    /// <param name="key">Its limits.</param>
    /// <param name="wasReady">Whether it had begun to take orders.</param>
    public static string Describe(int status, IReadOnlyList<string> lastWords, WorkerKey key, bool wasReady)
    {
        string first = lastWords.Count > 0 ? lastWords[0] : "";
        bool bySignal = status is > SignalBase and <= SignalBase + MostSignal;
        string ended = bySignal
            ? string.Create(CultureInfo.InvariantCulture, $"ended by signal {status - SignalBase} ({Signals.SignalName(status - SignalBase)})")
            : string.Create(CultureInfo.InvariantCulture, $"exited with status {status}");
        string what = !wasReady ? $"the worker's process did not begin: it {ended}"
            : bySignal && first.StartsWith("Stack overflow.", StringComparison.Ordinal) ? $"stack overflow: the process {ended}"
            : bySignal && first.StartsWith("Out of memory.", StringComparison.Ordinal) ? OutOfMemory(key.HeapLimitBytes, "")
            : $"user code ended the process: it {ended}";
        return lastWords.Count == 0 ? what : $"{what}; it last said: {string.Join(" | ", lastWords.Select(static line => line.Trim()))}";
    }

    /// <summary>The managed heap was full.</summary>
    public static string OutOfMemory(long limitBytes, string where) =>
        string.Create(CultureInfo.InvariantCulture, $"out of memory: limit {limitBytes >> 20} MB{where}; less --memory, shorter records or less kept in user code help");
}
