using System.Globalization;
using Microsoft.Extensions.Logging;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// A node's task tracker: asks the coordinator for work by heartbeats, runs it, says how it ended until that is acknowledged. Its attempts run on
/// a lease, which each answer extends; without one they stop a second before the coordinator may give them to somebody else.
/// </summary>
public sealed partial class Tracker : IAsyncDisposable
{
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private readonly Dictionary<AttemptKey, Attempt> _running = [];
    private readonly Dictionary<AttemptKey, TaskOutcome> _ended = [];
    private readonly Dictionary<string, string> _jobs = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TrackerOptions _options;
    private readonly ICoordinatorLink _link;
    private readonly IAttemptHost _host;
    private readonly IStoreScanner? _scanner;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TrackerFolder _folder;
    private readonly ITimer _lease;
    private string _endpoint = "";
    private TaskCompletionSource _news = NewNews();
    private Task _loop = Task.CompletedTask;
    private long _sequence;
    private long _attempts;
    private long _leaseStart;
    private TimeSpan _leaseSpan;
    private bool _isStopping;
    private bool _isDisposed;
    private volatile string? _problem;

    /// <summary>Prepares a tracker and empties its folder; it begins with <see cref="Start"/>.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="link">The way to the coordinator.</param>
    /// <param name="host">Runs attempts.</param>
    /// <param name="scanner">Reads the store; null: jobs cannot.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are reported.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be used.</exception>
    public Tracker(TrackerOptions options, ICoordinatorLink link, IAttemptHost host, IStoreScanner? scanner, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        (_options, _link, _host, _scanner, _time, _logger) = (options, link, host, scanner, time, logger);
        Incarnation = Guid.NewGuid().ToString("n");
        _folder = new TrackerFolder(options, Incarnation);
        _lease = time.CreateTimer(static tracker => ((Tracker)tracker!).OnLease(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>This start of it.</summary>
    public string Incarnation { get; }

    /// <summary>Where the files of this start's attempts lie: what others may fetch.</summary>
    public string WorkFolder => _folder.Work;

    /// <summary>How many attempts it has begun.</summary>
    public long Attempts => Volatile.Read(ref _attempts);

    /// <summary>Why it gets no work; null when all is well.</summary>
    public string? Problem => _problem;

    /// <summary>How many attempts it may run at a time.</summary>
    public int Slots => _options.Slots.Of(this);

    /// <summary>The attempts that run.</summary>
    public IReadOnlyList<AttemptProgress> Running
    {
        get
        {
            lock (_lock) return [.. _running.Values.Select(static attempt => attempt.Progress.For(attempt.Order.Key))];
        }
    }

    /// <summary>A job's secret, by which its map outputs are had; null: nothing of that job is here.</summary>
    public string? SecretOf(string job)
    {
        lock (_lock) return _jobs.GetValueOrDefault(job);
    }

    /// <summary>Begins to ask for work.</summary>
    /// <param name="endpoint">Where others fetch its map outputs; empty when they cannot.</param>
    public void Start(string endpoint)
    {
        _endpoint = endpoint;
        _options.Slots.Join(this);
        _loop = Task.Run(() => LoopAsync(_stopping.Token));
    }

    /// <summary>There is something new at the coordinator's: the next heartbeat is due now.</summary>
    public void Poke()
    {
        lock (_lock) _news.TrySetResult();
    }

    /// <summary>What the attempts of a job said, oldest first.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="task">One task, such as <c>map-3</c>; null: all.</param>
    public IReadOnlyList<AttemptTranscript> ReadLogs(string job, string? task) => _folder.ReadLogs(job, task, _options.Node);

    /// <summary>Stops gracefully: takes no more work, stops its attempts and says so, so that others can begin them at once.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        Task[] attempts = StopAll("the node stops");
        bool hasNews;
        lock (_lock) hasNews = attempts.Length > 0 || _ended.Count > 0;
        try
        {
            // Without news nobody need be told: work is given in answers only.
            if (!hasNews) return;
            await Task.WhenAll(attempts).WaitAsync(StopPatience, _time, cancellation).ConfigureAwait(false);
            await EndLoopAsync().ConfigureAwait(false);
            await BeatAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // The coordinator will notice by itself.
        }
        finally
        {
            Kill();
        }
    }

    /// <summary>From here on nobody hears of it again; its attempts stop.</summary>
    public void Kill()
    {
        _options.Slots.Leave(this);
        StopAll("the node was stopped");
        _ = _stopping.CancelAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Kill();
        await _loop.ConfigureAwait(false);
        Task[] attempts = StopAll("the node was stopped");
        await Task.WhenAll(attempts).ConfigureAwait(false);
        await _lease.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewNews() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task EndLoopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    private Task[] StopAll(string why)
    {
        lock (_lock)
        {
            _isStopping = true;
            foreach (Attempt attempt in _running.Values) attempt.Stop(why);
            return [.. _running.Values.Select(static attempt => attempt.Ended)];
        }
    }

    private async Task LoopAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            Task news;
            lock (_lock)
            {
                // What happens from here on may not be in the report: then the next one follows at once.
                if (_news.Task.IsCompleted) _news = NewNews();
                news = _news.Task;
            }

            TimeSpan? pause = await BeatAsync(cancellation).ConfigureAwait(false);
            if (cancellation.IsCancellationRequested) return;
            using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task due = Task.Delay(pause ?? _options.PauseAfterFailure, _time, waiting.Token);
            if (pause is null) await Task.WhenAny(due).ConfigureAwait(false);
            else await Task.WhenAny(due, news).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One heartbeat.</summary>
    /// <returns>After how long the next is due; null: it failed.</returns>
    private async Task<TimeSpan?> BeatAsync(CancellationToken cancellation)
    {
        TrackerReport report = MakeReport();
        long sent = _time.GetTimestamp();
        try
        {
            TrackerOrders orders = await _link.HeartbeatAsync(report, cancellation).WaitAsync(_options.HeartbeatTimeout, _time, cancellation).ConfigureAwait(false);
            _problem = null;
            Follow(orders, sent);
            return TimeSpan.FromMilliseconds(Math.Max(1, orders.HeartbeatMs));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return FirstPause;
        }
#pragma warning disable CA1031 // The link may fail in any way; without it there is no work, and nothing else to do than to ask again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_problem is null) LogNoCoordinator(_logger, _options.Node, e.Message);
            _problem = $"the coordinator of jobs does not answer: {e.Message}";
            return null;
        }
    }

    private TrackerReport MakeReport()
    {
        lock (_lock)
        {
            return new TrackerReport
            {
                Tracker = _options.Node,
                Incarnation = Incarnation,
                Sequence = ++_sequence,
                Machine = _options.Machine,
                Endpoint = _endpoint,
                Slots = _isStopping ? 0 : Slots,
                Running = [.. _running.Values.Select(static attempt => attempt.Progress.For(attempt.Order.Key))],
                Ended = [.. _ended.Values],
                Jobs = [.. _jobs.Keys.Order(StringComparer.Ordinal)],
            };
        }
    }

    private void Follow(TrackerOrders orders, long sent)
    {
        lock (_lock)
        {
            // The coordinator counts from the moment when it got the heartbeat, which is later.
            StopIfLeaseEnded();
            TimeSpan span = TimeSpan.FromMilliseconds(orders.LeaseMs) - LeaseMargin;
            (_leaseStart, _leaseSpan) = (sent, span);
            AwaitLeaseEnd();
            foreach (AttemptKey key in orders.Acknowledged) _ended.Remove(key);
            foreach (AttemptKey key in orders.Stop)
            {
                if (_running.TryGetValue(key, out Attempt? attempt)) attempt.Stop("nobody needs it any more");
                else _ended.Remove(key);
            }

            foreach (string job in orders.Forget) Forget(job);
            if (_isStopping) return;
            foreach (TaskOrder order in orders.Start)
                if (!_running.ContainsKey(order.Key) && !_ended.ContainsKey(order.Key)) Begin(order);
        }
    }

    private void OnLease()
    {
        lock (_lock)
        {
            // An answer may have come while the timer was on its way, and timers drop fractions of milliseconds: they come early.
            if (LeaseLeft > TimeSpan.Zero) AwaitLeaseEnd();
            else StopIfLeaseEnded();
        }
    }

    private TimeSpan LeaseLeft => _leaseSpan - _time.GetElapsedTime(_leaseStart);

    private void AwaitLeaseEnd()
    {
        double milliseconds = Math.Max(0, Math.Ceiling(LeaseLeft.TotalMilliseconds));
        _lease.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    // A process that was paused may notice by its timer, by the answer that extends the lease again, or by an attempt that ends: whichever comes first.
    private void StopIfLeaseEnded()
    {
        if (LeaseLeft > TimeSpan.Zero || _running.Values.All(static attempt => attempt.HasLostLease)) return;
        LogLeaseEnded(_logger, _options.Node, _running.Count);
        foreach (Attempt attempt in _running.Values) attempt.LoseLease();
    }

    // With attempts that still run, the last of them does it.
    private void Forget(string job)
    {
        foreach (AttemptKey key in _ended.Keys.Where(key => key.Job == job).ToList()) _ended.Remove(key);
        bool isRunning = false;
        foreach (Attempt attempt in _running.Values.Where(attempt => attempt.Order.Spec.Id == job))
        {
            attempt.Stop("the job has ended");
            isRunning = true;
        }

        if (_jobs.Remove(job) && !isRunning) _folder.Forget(job);
    }

    private void Begin(TaskOrder order)
    {
        AttemptKey key = order.Key;
        Attempt attempt = new(order);
        _running.Add(key, attempt);
        _jobs[key.Job] = order.Secret;
        _attempts++;
        attempt.Ended = Task.Run(() => RunAsync(attempt));
    }

    private async Task RunAsync(Attempt attempt)
    {
        AttemptKey key = attempt.Order.Key;
        TaskOutcome outcome = UnlessLeaseEnded(attempt, await RunToOutcomeAsync(attempt).ConfigureAwait(false));

        // Only map tasks leave something for others.
        bool keeps = outcome is { Failure: null, Map: not null };
        if (!keeps) _folder.Remove(key);
        lock (_lock)
        {
            _running.Remove(key);
            if (_jobs.ContainsKey(key.Job)) _ended[key] = outcome;
            else if (!_running.Keys.Any(other => other.Job == key.Job)) _folder.Forget(key.Job);
            _news.TrySetResult();
        }

        attempt.Dispose();
    }

    // What was done without a lease may have been given to somebody else meanwhile.
    private TaskOutcome UnlessLeaseEnded(Attempt attempt, TaskOutcome outcome)
    {
        lock (_lock) StopIfLeaseEnded();
        return attempt.HasLostLease ? Failed(attempt.Order.Key, TaskFailureKind.Stopped, Attempt.LostLease) : outcome;
    }

    private async Task<TaskOutcome> RunToOutcomeAsync(Attempt attempt)
    {
        AttemptKey key = attempt.Order.Key;
        long start = _time.GetTimestamp();
        try
        {
            if (!TrackerFolder.IsName(key.Job)) throw new ArgumentException($"'{key.Job}' is no id of a job");
            using AttemptLog log = _folder.BeginLog(key, _time);
            log.Write($"{key.Task} attempt {key.Attempt} begins on {_options.Node}");
            AttemptEnvironment environment = new() { Folder = _folder.Begin(key), Machine = _options.Machine, Allowed = _options.Allowed };
            if (attempt.Order.Plan is not null && key.Task.Step == 0 && StoreInput.IsIn(attempt.Order.Spec))
                environment = environment with { StoreFiles = await ScanAsync(attempt).ConfigureAwait(false) };
            TaskOutcome outcome = await _host.RunAsync(attempt.Order, environment, attempt.Progress, log, attempt.Stopped).ConfigureAwait(false);
            if (outcome.Failure is { Kind: TaskFailureKind.Stopped } stopped && attempt.Why is { } why) outcome = outcome with { Failure = stopped with { Message = why } };
            outcome = UnlessLeaseEnded(attempt, outcome);
            log.Write(string.Create(CultureInfo.InvariantCulture, $"ends after {_time.GetElapsedTime(start).TotalSeconds:F3} s: {Describe(outcome)}"));
            return outcome;
        }
        catch (OperationCanceledException) when (attempt.Stopped.IsCancellationRequested)
        {
            return Failed(key, TaskFailureKind.Stopped, attempt.Why ?? "stopped");
        }
        catch (MapReduceException e)
        {
            return Failed(key, e.Failure == JobFailure.Input ? TaskFailureKind.Job : TaskFailureKind.Attempt, e.Message);
        }
#pragma warning disable CA1031 // Whatever it is, the coordinator must learn that the attempt is over.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogAttemptFailed(_logger, _options.Node, key, e);
            return Failed(key, TaskFailureKind.Attempt, $"{key.Task} failed on {_options.Node}: {e.GetType().Name}: {e.Message}");
        }
    }

    private Task<IReadOnlyList<string>> ScanAsync(Attempt attempt) => _scanner is null
        ? throw new MapReduceException(JobFailure.Input, "jobs cannot read the store here")
        : StoreFiles.WriteAsync(attempt.Order.Spec, attempt.Order.Attempt, _scanner, attempt.Stopped);

    private static TaskOutcome Failed(AttemptKey key, TaskFailureKind kind, string message) => new() { Key = key, Failure = new TaskFailure(kind, message) };

    private static string Describe(TaskOutcome outcome) => outcome switch
    {
        { Failure: { } failure } => $"{failure.Kind}: {failure.Message}",
        { Plan: { } plan } => string.Create(CultureInfo.InvariantCulture, $"{plan.Maps} map tasks, {plan.InputFiles} files, {plan.InputBytes} bytes"),
        { Map: { } map } => string.Create(CultureInfo.InvariantCulture, $"{map.InputBytes} bytes, {map.Records} records, {map.Pairs} pairs, {map.BadRecords} bad records"),
        { Reduce: { } reduce } => string.Create(CultureInfo.InvariantCulture, $"{reduce.Groups} keys, {reduce.Records} records, {reduce.Bytes} bytes"),
        _ => "nothing",
    };

    [LoggerMessage(60, LogLevel.Warning, "The task tracker of node {Node} does not reach the coordinator of jobs; it tries again. {Reason}")]
    private static partial void LogNoCoordinator(ILogger logger, string node, string reason);

    [LoggerMessage(61, LogLevel.Warning, "The task tracker of node {Node} stops {Count} attempts: their lease ended.")]
    private static partial void LogLeaseEnded(ILogger logger, string node, int count);

    [LoggerMessage(62, LogLevel.Warning, "The task tracker of node {Node} could not run {Attempt}.")]
    private static partial void LogAttemptFailed(ILogger logger, string node, AttemptKey attempt, Exception reason);
}
