using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tracking;

/// <summary>A tracker between a coordinator and a host that do what the test says, on a clock that the test moves.</summary>
internal sealed class TrackerHarness : IAsyncDisposable, ICoordinatorLink, IAttemptHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Channel<(TrackerReport Report, TaskCompletionSource<TrackerOrders> Answer)> _beats = Channel.CreateUnbounded<(TrackerReport, TaskCompletionSource<TrackerOrders>)>();
    private readonly Channel<HostedAttempt> _begun = Channel.CreateUnbounded<HostedAttempt>();
    private TaskCompletionSource<TrackerOrders>? _answer;

    public TrackerHarness(int slots = 2, IStoreScanner? scanner = null)
    {
        Options = new TrackerOptions { Node = "n1", Folder = Path.Combine(Root, "mr"), Machine = "m", Slots = new SlotPool(slots), KeptLogs = 3 };
        Tracker = Make(scanner);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("quorleans-tracker-").FullName;

    public WatchedTime Time { get; } = new(new DateTimeOffset(2026, 11, 25, 22, 0, 0, TimeSpan.Zero));

    public TrackerOptions Options { get; }

    public Tracker Tracker { get; private set; }

    public void Restart() => Tracker = Make(null);

    /// <summary>The next heartbeat, unanswered.</summary>
    public async Task<(TrackerReport Report, TaskCompletionSource<TrackerOrders> Answer)> BeatAsync()
    {
        var beat = await _beats.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        _answer = beat.Answer;
        return beat;
    }

    /// <summary>The next heartbeat, answered.</summary>
    public async Task<TrackerReport> BeatAsync(TrackerOrders answer)
    {
        var (report, pending) = await BeatAsync();
        pending.SetResult(answer);
        return report;
    }

    /// <summary>Heartbeats without news, until one says what is waited for.</summary>
    public async Task<TrackerReport> UntilAsync(Func<TrackerReport, bool> condition, TrackerOrders? answer = null)
    {
        // Its clock is quicker than its disk: what ends an attempt takes real time.
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            TrackerReport report = await BeatAsync(answer ?? Orders());
            if (condition(report)) return report;
            await TickAsync();
        }

        throw new InvalidOperationException("no heartbeat says it");
    }

    /// <summary>Lets the next heartbeat become due, if it is not already there.</summary>
    public async Task TickAsync()
    {
        Task<bool> beat = _beats.Reader.WaitToReadAsync().AsTask();
        while (!beat.IsCompleted)
        {
            // A tracker that gets no processor meanwhile must not see its lease pass: with its answer it must have come so far that it waits for its next heartbeat.
            bool isAnswered = _answer?.Task.IsCompleted != false;
            await Time.WaitedForAsync(beat, length => !isAnswered || length != Options.HeartbeatTimeout);
            if (!beat.IsCompleted) Time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    public bool HasBeat => _beats.Reader.TryPeek(out _);

    public async Task<HostedAttempt> BegunAsync() => await _begun.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public bool HasBegun => _begun.Reader.TryPeek(out _);

    public static TrackerOrders Orders(params IReadOnlyList<TaskOrder> start) => new() { LeaseMs = 5000, HeartbeatMs = 1000, Start = start };

    public static TaskOrder Map(int index, string job = "job-1", int attempt = 1) => new()
    {
        Spec = new JobSpec { Id = job, Application = "wordcount", Inputs = [], Output = "/nowhere/out" },
        Task = new TaskId(0, TaskKind.Map, index),
        Attempt = new AttemptId(1, attempt),
        Map = new MapOrder("plan", []),
    };

    Task<TrackerOrders> ICoordinatorLink.HeartbeatAsync(TrackerReport report, CancellationToken cancellation)
    {
        TaskCompletionSource<TrackerOrders> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _beats.Writer.TryWrite((report, answer));
        return answer.Task;
    }

    Task<TaskOutcome> IAttemptHost.RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        HostedAttempt attempt = new(order, environment, progress, log, cancellation);
        _begun.Writer.TryWrite(attempt);
        return attempt.Outcome;
    }

    public async ValueTask DisposeAsync()
    {
        await Tracker.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    private Tracker Make(IStoreScanner? scanner) => new(Options, this, this, scanner, Time, NullLogger.Instance);
}
