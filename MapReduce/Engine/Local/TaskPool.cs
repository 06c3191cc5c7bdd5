using System.Runtime.ExceptionServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>Runs numbered tasks on threads of their own; the first failure ends all, and is the one that is reported.</summary>
internal static class TaskPool
{
    public static void Run(int tasks, int threads, Action<int, CancellationToken> run, CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int next = -1;
        Exception? failure = null;
        Thread[] workers = [.. Enumerable.Range(0, Math.Min(threads, tasks)).Select(i => new Thread(Work) { Name = $"mapreduce-{i}", IsBackground = true })];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        cancellation.ThrowIfCancellationRequested();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);

        void Work()
        {
            try
            {
                while (!stop.IsCancellationRequested && Interlocked.Increment(ref next) is int task && task < tasks) run(task, stop.Token);
            }
#pragma warning disable CA1031 // Whatever it is, the caller's thread throws it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!(e is OperationCanceledException && stop.IsCancellationRequested)) Interlocked.CompareExchange(ref failure, e, null);
                stop.Cancel();
            }
        }
    }
}
