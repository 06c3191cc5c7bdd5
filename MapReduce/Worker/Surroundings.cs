using System.Globalization;
using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Worker;

/// <summary>What makes this process a good neighbour of the silo that started it.</summary>
internal static partial class Surroundings
{
    private const int ParentDeathSignal = 1;
    private const int Kill = 9;
    private const int CoreSize = 4;
    private const int PriorityOfProcess = 0;
    private const int Niceness = 10;
    private const string OutOfMemoryScore = "/proc/self/oom_score_adj";

    /// <summary>Sets all of it. What the system refuses is no reason not to work.</summary>
    /// <param name="parent">The silo's process. When it ended meanwhile, this one does.</param>
    public static void Enter(int parent)
    {
        if (!OperatingSystem.IsLinux()) return;

        // A session of its own: no Ctrl-C of the silo's terminal, and a group that is ended together with it.
        _ = NewSession();
        _ = Control(ParentDeathSignal, Kill, 0, 0, 0);
        if (Parent() != parent) Exit(1);
        Limit none = default;
        _ = SetLimit(CoreSize, in none);

        // A priority belongs to a thread on Linux; threads that begin later take it from the one that starts them.
        foreach (string thread in Directory.EnumerateDirectories("/proc/self/task"))
            _ = SetPriority(PriorityOfProcess, int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), Niceness);
        try
        {
            // When the machine has no memory left, user code goes before replicas do.
            File.WriteAllText(OutOfMemoryScore, "1000");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Some containers forbid it.
        }
    }

    /// <summary>Ends the process at once, whatever user code is at, and without asking its handlers.</summary>
    public static void End()
    {
        if (!OperatingSystem.IsWindows()) Exit(0);
        System.Diagnostics.Process.GetCurrentProcess().Kill();
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int NewSession();

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int Parent();

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int value);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limit
    {
        public readonly ulong Soft;
        public readonly ulong Hard;
    }
}
