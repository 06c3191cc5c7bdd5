using System.Collections.Concurrent;
using System.Diagnostics;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>
/// Starts processes from one thread that lives as long as this process. A worker asks Linux to kill it when its parent dies, and means the
/// thread that started it: one of the pool would take its workers with it when the pool gets smaller.
/// </summary>
internal static class ProcessStarter
{
    private static readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> Queue = [];

    static ProcessStarter() => new Thread(Work) { IsBackground = true, Name = "worker starter" }.Start();

    /// <summary>Starts a process; the task fails as <see cref="Process.Start(ProcessStartInfo)"/> does.</summary>
    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        TaskCompletionSource<Process> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Add((start, started));
        return started.Task;
    }

    private static void Work()
    {
        foreach ((ProcessStartInfo start, TaskCompletionSource<Process> started) in Queue.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
#pragma warning disable CA1031 // Whoever asked gets it; the thread must go on.
            catch (Exception e)
#pragma warning restore CA1031
            {
                started.SetException(e);
            }
        }
    }
}
