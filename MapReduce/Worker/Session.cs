using System.Text.Json;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.MapReduce.Tasks.Workers;
using AttemptLog = Quorleans.MapReduce.Tasks.AttemptLog;

namespace Quorleans.MapReduce.Worker;

/// <summary>Takes orders one after the other until the silo closes the channel, or is gone.</summary>
internal sealed class Session
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);
    private readonly Channel _channel;
    private readonly TaskRunner _runner;
    private readonly RecordMark _mark;
    private readonly Lock _lock = new();
    private Running? _running;
    private volatile OutOfMemoryException? _outOfMemory;

    public Session(Channel channel, TaskRunner runner, RecordMark mark)
    {
        (_channel, _runner, _mark) = (channel, runner, mark);
        AppDomain.CurrentDomain.FirstChanceException += (_, thrown) =>
        {
            if (thrown.Exception is OutOfMemoryException e) _outOfMemory = e;
        };
    }

    /// <summary>Returns when the silo wants no more, or ends the process when an attempt still runs.</summary>
    public void Run()
    {
        new Thread(Report) { IsBackground = true, Name = "progress" }.Start();
        _channel.Send(WorkerFrame.Ready, []);
        while (_channel.TryRead(out WorkerFrame kind, out byte[] content))
        {
            if (kind == WorkerFrame.Start) Start(WorkerOrder.Decode(content));
            else if (kind == WorkerFrame.Stop) Stop();
        }

        // Not by returning: threads of user code need not end by themselves.
        Surroundings.End();
    }

    private void Start(WorkerOrder order)
    {
        Running running = new(order);
        lock (_lock) _running = running;
        _outOfMemory = null;
        new Thread(() => Work(running)) { IsBackground = true, Name = order.Order.Task.ToString() }.Start();
    }

    private void Stop()
    {
        Running? running;
        lock (_lock) running = _running;

        // Whoever waits for the token runs in here: user code, which may not come back.
        if (running is not null) ThreadPool.UnsafeQueueUserWorkItem(static running => running.Cancellation.Cancel(), running, preferLocal: false);
    }

    private void Work(Running running)
    {
        WorkerOrder order = running.Order;
        using AttemptLog log = new(Console.OpenStandardError());
        TaskOutcome outcome = _runner.Run(order.Order, order.Environment, running.Progress, log, running.Cancellation.Token);
        outcome = Judge(order.Order, outcome);
        _mark.Close();
        _channel.EndOutput(order.EndOfOutput);
        lock (_lock) _running = null;
        _channel.Send(WorkerFrame.Outcome, JobCodec.Encode(outcome));
    }

    // An attempt that failed after memory had run out failed of that, whatever was thrown last.
    private TaskOutcome Judge(TaskOrder order, TaskOutcome outcome)
    {
        if (outcome.Failure is not { Kind: TaskFailureKind.Attempt or TaskFailureKind.Job } || _outOfMemory is not { } e) return outcome;
        RecordPlace? record = order.Map is not null && _mark.Record is { } place ? new RecordPlace(place.Path, place.Position) : null;
        string message = WorkerEnd.OutOfMemory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, $" ({e.Message})");
        return outcome with { Failure = new TaskFailure(TaskFailureKind.Crash, $"{message}: {outcome.Failure.Message}", record) };
    }

    private void Report()
    {
        TaskProgress.State? said = null;
        while (true)
        {
            Thread.Sleep(ReportInterval);

            // Under the lock: what is said of an attempt comes before its outcome, never into the next one.
            lock (_lock)
            {
                if (_running?.Progress.Current is not { } now || now == said) continue;
                said = now;
                _channel.Send(WorkerFrame.Progress, JsonSerializer.SerializeToUtf8Bytes(now, WorkerJson.Default.State));
            }
        }
    }

    private sealed class Running(WorkerOrder order)
    {
        public WorkerOrder Order { get; } = order;

        public TaskProgress Progress { get; } = new();

        public CancellationTokenSource Cancellation { get; } = new();
    }
}
