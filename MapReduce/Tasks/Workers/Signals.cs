using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>What the runtime has no call for.</summary>
internal static partial class Signals
{
    public const int Kill = 9;

    /// <summary>Ends a process and those that it started and that are still in its group.</summary>
    /// <param name="leader">The group's leader, which lives or ended just now, so that its number is still that of its group.</param>
    public static void KillGroup(int leader)
    {
        if (!OperatingSystem.IsWindows()) _ = SendSignal(-leader, Kill);
    }

    /// <summary>Such as <c>SIGABRT</c>.</summary>
    public static string SignalName(int signal) => signal switch
    {
        1 => "SIGHUP", 2 => "SIGINT", 3 => "SIGQUIT", 4 => "SIGILL", 6 => "SIGABRT", 7 => "SIGBUS", 8 => "SIGFPE", 9 => "SIGKILL", 11 => "SIGSEGV", 15 => "SIGTERM",
        _ => "unknown",
    };

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
