using System.ComponentModel;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>
/// Runs attempts in processes of their own: whatever user code does to its process, this one lives. A process is kept for the next attempt of the
/// same job as long as attempts succeed.
/// </summary>
public sealed class WorkerHost : IAttemptHost, IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly WorkerOptions _options;
    private readonly Lazy<WorkerProgram> _program;
    private readonly HashSet<WorkerProcess> _all = [];
    private readonly List<WorkerProcess> _idle = [];
    private readonly Timer _timer;
    private int _checking;
    private bool _isDisposed;

    /// <param name="options">How they are bounded.</param>
    /// <param name="program">The worker's program; null: the one beside this program, looked for when the first is needed.</param>
    public WorkerHost(WorkerOptions options, WorkerProgram? program = null)
    {
        _options = options;
        _program = new Lazy<WorkerProgram>(() => program ?? WorkerProgram.Beside());
        _timer = new Timer(_ => Check(), null, CheckInterval, CheckInterval);
    }

    /// <summary>The processes that there are.</summary>
    public IReadOnlyList<int> ProcessIds
    {
        get
        {
            lock (_lock) return [.. _all.Select(static worker => worker.Id)];
        }
    }

    /// <summary>How many processes were started so far.</summary>
    public long Started { get; private set; }

    /// <inheritdoc/>
    public async Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (cancellation.IsCancellationRequested) return Failed(order, TaskFailureKind.Stopped, "stopped before it began");
        long heap = _options.HeapLimitBytes(order.Spec);
        WorkerProcess worker;
        try
        {
            worker = await TakeAsync(new WorkerKey(order.Spec.Id, order.Spec.Application, heap, heap + _options.UnmanagedBytes)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or Win32Exception or UnauthorizedAccessException or ObjectDisposedException)
        {
            return Failed(order, e is ObjectDisposedException ? TaskFailureKind.Stopped : TaskFailureKind.Attempt, $"no worker process can be started: {e.Message}");
        }

        TaskOutcome outcome = await worker.RunAsync(order, environment, progress, log, cancellation).ConfigureAwait(false);
        await GiveBackAsync(worker, outcome).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>Ends all processes, and the attempts in them. Returns when they are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        WorkerProcess[] all;
        lock (_lock)
        {
            _isDisposed = true;
            all = [.. _all];
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (WorkerProcess worker in all) worker.End();
        await Task.WhenAll(all.Select(static worker => worker.Ended)).ConfigureAwait(false);
    }

    private static TaskOutcome Failed(TaskOrder order, TaskFailureKind kind, string message) => new() { Key = order.Key, Failure = new TaskFailure(kind, message) };

    private async Task<WorkerProcess> TakeAsync(WorkerKey key)
    {
        WorkerProcess? victim = null;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            for (int i = _idle.Count - 1; i >= 0; i--)
            {
                WorkerProcess worker = _idle[i];
                if (worker.Key != key) continue;
                _idle.RemoveAt(i);
                if (worker.IsFresh) return worker;
                worker.End();
            }

            // A slot's process of another job makes room.
            if (_all.Count >= _options.Slots && _idle.Count > 0)
            {
                victim = _idle[0];
                _idle.RemoveAt(0);
            }

            Started++;
        }

        victim?.End();
        WorkerProcess started = await WorkerProcess.StartAsync(_program.Value, key, _options).ConfigureAwait(false);
        bool isLate;
        lock (_lock)
        {
            isLate = _isDisposed;
            if (!isLate) _all.Add(started);
        }

        _ = ForgetAsync(started);
        if (!isLate) return started;
        started.End();
        await started.Ended.ConfigureAwait(false);
        throw new ObjectDisposedException(nameof(WorkerHost));
    }

    private async Task GiveBackAsync(WorkerProcess worker, TaskOutcome outcome)
    {
        // User code that failed may have left anything; lost map outputs are nothing of its doing.
        bool isGood = outcome.Failure is null or { Kind: TaskFailureKind.MapOutputLost } && worker.IsFresh;
        lock (_lock)
        {
            if (isGood && !_isDisposed)
            {
                _idle.Add(worker);
                return;
            }
        }

        worker.End();

        // So that a tracker's slot is free only when its process is gone.
        await worker.Ended.ConfigureAwait(false);
        Forget(worker);
    }

    private async Task ForgetAsync(WorkerProcess worker)
    {
        await worker.Ended.ConfigureAwait(false);
        Forget(worker);
    }

    private void Forget(WorkerProcess worker)
    {
        lock (_lock)
        {
            _all.Remove(worker);
            _idle.Remove(worker);
        }
    }

    private void Check()
    {
        if (Interlocked.Exchange(ref _checking, 1) == 1) return;
        WorkerProcess[] all;
        lock (_lock) all = [.. _all];
        foreach (WorkerProcess worker in all) worker.Check();
        Volatile.Write(ref _checking, 0);
    }
}
