using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>A worker's process: gives it one attempt after the other, watches it, and says how it ended.</summary>
internal sealed class WorkerProcess
{
    private const int ReaderStackBytes = 256 * 1024;
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleProcessor = TimeSpan.FromSeconds(0.5);
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly Process _process;
    private readonly Stream _input;
    private readonly Thread _errorReader;
    private readonly WorkerKey _key;
    private readonly WorkerOptions _options;
    private readonly RecordMark _mark;
    private readonly string _markFile;
    private readonly WorkerOutput _output = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Attempt? _attempt;
    private TaskFailure? _killed;
    private bool _isReady;
    private bool _hasEnded;
    private string _howItEnded = "";
    private int _attempts;
    private int _threadsAtFirst;
    private long _idleSince;
    private TimeSpan _processorAtIdle = TimeSpan.MaxValue;

    private WorkerProcess(Process process, WorkerKey key, WorkerOptions options, RecordMark mark, string markFile)
    {
        (_process, _key, _options, _mark, _markFile) = (process, key, options, mark, markFile);
        Id = process.Id;
        _input = process.StandardInput.BaseStream;
        _idleSince = Stopwatch.GetTimestamp();
        string name = string.Create(CultureInfo.InvariantCulture, $"worker {Id}");
        _errorReader = new Thread(() => _output.Read(process.StandardError.BaseStream), ReaderStackBytes) { IsBackground = true, Name = name + " log" };
        _errorReader.Start();
        new Thread(() => Listen(process.StandardOutput.BaseStream), ReaderStackBytes) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>The process's number.</summary>
    public int Id { get; }

    /// <summary>What it is for.</summary>
    public WorkerKey Key => _key;

    /// <summary>Completes when the process is gone.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether it may get another attempt. Asked when it has none.</summary>
    public bool IsFresh
    {
        get
        {
            lock (_lock)
            {
                if (_hasEnded || _killed is not null || _attempts >= _options.MostAttempts) return false;
                return ProcessFacts.Of(_process) is { } facts && facts.Threads <= _threadsAtFirst + _options.MostLeakedThreads;
            }
        }
    }

    /// <summary>Starts one.</summary>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be.</exception>
    public static async Task<WorkerProcess> StartAsync(WorkerProgram program, WorkerKey key, WorkerOptions options)
    {
        string markFile = Path.Combine(Path.GetTempPath(), $"quorleans-worker-{Guid.NewGuid():n}");
        RecordMark mark = RecordMark.Create(markFile);
        try
        {
            ProcessStartInfo start = new(program.File, [.. program.Arguments, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), markFile])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Path.GetTempPath(),
            };
            start.Environment["DOTNET_GCHeapHardLimit"] = key.HeapLimitBytes.ToString("X", CultureInfo.InvariantCulture);
            start.Environment["DOTNET_gcServer"] = "0";
            start.Environment["DOTNET_gcConcurrent"] = "0";

            // Neither a socket for debuggers, which a killed process leaves in the temporary folder, nor a dump.
            start.Environment["DOTNET_EnableDiagnostics"] = "0";
            start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
            return new WorkerProcess(await ProcessStarter.StartAsync(start).ConfigureAwait(false), key, options, mark, markFile);
        }
        catch
        {
            mark.Dispose();
            File.Delete(markFile);
            throw;
        }
    }

    /// <summary>Runs an attempt. One at a time.</summary>
    public async Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        string end = $"[end of {order.Key} {Guid.NewGuid():n}]";
        Task drained = _output.Begin(log, end);
        Attempt attempt = new(order, progress);
        lock (_lock)
        {
            _attempts++;
            if (_hasEnded) attempt.End(Crash(attempt, _howItEnded));
            else _attempt = attempt;
        }

        // An order may be larger than a pipe, and the worker not there yet.
        _ = Task.Run(() => Send(WorkerFrame.Start, new WorkerOrder(order, environment, end).Encode()), CancellationToken.None);
        TaskOutcome outcome;
        using (cancellation.Register(() => Stop(attempt))) outcome = await attempt.Outcome.ConfigureAwait(false);
        await Task.WhenAny(drained, Task.Delay(Drain, CancellationToken.None)).ConfigureAwait(false);
        _output.End();
        return outcome;
    }

    /// <summary>Looks after memory, time without progress, and idle processes that are not idle.</summary>
    public void Check()
    {
        lock (_lock)
        {
            if (_hasEnded || _killed is not null || ProcessFacts.Of(_process) is not { } facts) return;
            if (facts.ResidentBytes > _key.ResidentLimitBytes)
            {
                Kill(TaskFailureKind.Crash, string.Create(CultureInfo.InvariantCulture,
                    $"out of memory: the process took {facts.ResidentBytes >> 20} MB, the limit is {_key.ResidentLimitBytes >> 20} MB; less --memory, shorter records or less kept in user code help"));
            }
            else if (_attempt is { } attempt)
            {
                attempt.Look(_mark.Activity);
                if (attempt.StopBy is { } stopBy && Stopwatch.GetTimestamp() >= stopBy) Kill(TaskFailureKind.Stopped, "stopped; its process was killed, because it did not end by itself");
                else if (attempt.Stood.TotalSeconds >= attempt.Order.Spec.TaskTimeoutSeconds)
                    Kill(TaskFailureKind.Crash, string.Create(CultureInfo.InvariantCulture, $"no progress for {attempt.Order.Spec.TaskTimeoutSeconds} s: the process was killed"));
            }
            else
            {
                if (_processorAtIdle == TimeSpan.MaxValue) _processorAtIdle = facts.Processor;
                if (Stopwatch.GetElapsedTime(_idleSince) >= _options.MostIdleTime || facts.Processor - _processorAtIdle >= IdleProcessor) End();
            }
        }
    }

    /// <summary>It is not needed any more. An attempt that runs is stopped.</summary>
    public void End() => Kill(TaskFailureKind.Stopped, "stopped: the worker's process was ended");

    private void Kill(TaskFailureKind kind, string reason)
    {
        lock (_lock)
        {
            _killed ??= new TaskFailure(kind, reason);
            if (_hasEnded) return;
            try
            {
                if (!_process.HasExited) Signals.KillGroup(Id);
                _process.Kill();
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended by itself just now.
            }
        }
    }

    private void Stop(Attempt attempt)
    {
        lock (_lock)
        {
            if (_attempt != attempt || attempt.StopBy is not null) return;
            attempt.StopBy = Stopwatch.GetTimestamp() + (long)(_options.StopGrace.TotalSeconds * Stopwatch.Frequency);
        }

        _ = Task.Run(() => Send(WorkerFrame.Stop, []));
    }

    private void Send(WorkerFrame kind, byte[] content)
    {
        try
        {
            lock (_writing) WorkerFrames.Write(_input, kind, content);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process is gone; its listener says so.
        }
    }

    private void Listen(Stream from)
    {
        try
        {
            while (WorkerFrames.TryRead(from, out WorkerFrame kind, out byte[] content)) Take(kind, content);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or JsonException)
        {
            Kill(TaskFailureKind.Crash, $"the worker said what makes no sense: {e.Message}");
        }

        Finish();
    }

    private void Take(WorkerFrame kind, byte[] content)
    {
        lock (_lock)
        {
            if (kind == WorkerFrame.Ready)
            {
                _isReady = true;
                _threadsAtFirst = ProcessFacts.Of(_process)?.Threads ?? 0;
                DeleteMarkFile();
            }

            if (_attempt is not { } attempt) return;
            if (kind == WorkerFrame.Progress) attempt.Progress.Set(JsonSerializer.Deserialize(content, WorkerJson.Default.State) ?? throw new JsonException("no progress"));
            if (kind != WorkerFrame.Outcome) return;
            _attempt = null;
            _idleSince = Stopwatch.GetTimestamp();
            _processorAtIdle = ProcessFacts.Of(_process)?.Processor ?? TimeSpan.MaxValue;
            attempt.End(JobCodec.Decode<TaskOutcome>(content) with { Key = attempt.Order.Key });
        }
    }

    // Its standard output was closed: it has ended, or does so now.
    private void Finish()
    {
        if (!_process.WaitForExit(Drain)) Kill(TaskFailureKind.Crash, "the process closed its standard output");
        _process.WaitForExit();
        Signals.KillGroup(Id);
        _errorReader.Join(Drain);
        lock (_lock)
        {
            _hasEnded = true;
            _howItEnded = WorkerEnd.Describe(_process.ExitCode, _output.LastWords, _key, _isReady);
            if (_attempt is { } attempt) attempt.End(Crash(attempt, _howItEnded));
            _attempt = null;
            _mark.Dispose();
            DeleteMarkFile();
        }

        _process.Dispose();
        _ended.SetResult();
    }

    private TaskOutcome Crash(Attempt attempt, string how)
    {
        TaskFailureKind kind = _killed?.Kind ?? (attempt.StopBy is not null ? TaskFailureKind.Stopped : _isReady ? TaskFailureKind.Crash : TaskFailureKind.Attempt);
        RecordAddress? record = attempt.Order.Map is null || _attempt != attempt || kind != TaskFailureKind.Crash ? null : _mark.Record;
        string at = record is { } place ? string.Create(CultureInfo.InvariantCulture, $", at the record at byte {place.Position} of {place.Path}") : "";
        return new TaskOutcome
        {
            Key = attempt.Order.Key,
            Milliseconds = attempt.Milliseconds,
            Failure = new TaskFailure(kind, (_killed?.Message ?? how) + at, record is { } known ? new RecordPlace(known.Path, known.Position) : null),
        };
    }

    private void DeleteMarkFile()
    {
        try
        {
            File.Delete(_markFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Where an open file cannot be deleted, it is when the worker is gone.
        }
    }

    private sealed class Attempt(TaskOrder order, TaskProgress progress)
    {
        private readonly TaskCompletionSource<TaskOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly long _start = Stopwatch.GetTimestamp();
        private ((long, long), TaskProgress.State) _seen;
        private long _moved = Stopwatch.GetTimestamp();

        public TaskOrder Order { get; } = order;

        public TaskProgress Progress { get; } = progress;

        public Task<TaskOutcome> Outcome => _outcome.Task;

        /// <summary>When it must have stopped; null: nobody wants that.</summary>
        public long? StopBy { get; set; }

        public long Milliseconds => (long)Stopwatch.GetElapsedTime(_start).TotalMilliseconds;

        /// <summary>For how long it did not move.</summary>
        public TimeSpan Stood => Stopwatch.GetElapsedTime(_moved);

        public void Look((long, long) activity)
        {
            ((long, long), TaskProgress.State) now = (activity, Progress.Current);
            if (now == _seen) return;
            _seen = now;
            _moved = Stopwatch.GetTimestamp();
        }

        public void End(TaskOutcome outcome) => _outcome.TrySetResult(outcome);
    }
}
