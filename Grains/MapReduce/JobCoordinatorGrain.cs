using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Dashboard;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Grains.MapReduce;

/// <summary>
/// Drives the pure <see cref="CoordinatorCore"/>: brings it reports, requests and time, and carries out what it says, in the store and in the file system. See
/// <see cref="IJobCoordinatorGrain"/>.
/// </summary>
/// <remarks>
/// Calls interleave at their awaits; the core itself never waits, so each of its steps is whole. Nothing here needs to be exactly one: a second activation takes
/// the jobs over, and this one finds itself fenced at its next append and ends.
/// </remarks>
[KeepAlive, Reentrant]
public sealed partial class JobCoordinatorGrain : Grain, IJobCoordinatorGrain, IDisposable
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(250);
    private readonly string _node;
    private readonly IClusterMembershipService _membership;
    private readonly TimeProvider _time;
    private readonly ILogger<JobCoordinatorGrain> _logger;
    private readonly CoordinatorCore _core;
    private readonly JobJournal _journal;
    private readonly JobFiles _files;
    private readonly JobWaiters _waiters = new();
    private readonly Dictionary<string, CancellationTokenSource> _publishing = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly CoordinatorOptions _options;
    private readonly long _start;
    private readonly long _startMs;
    private string? _problem;

    /// <summary>Creates the activation.</summary>
    /// <param name="clerk">The store.</param>
    /// <param name="allowed">Which folders jobs may use.</param>
    /// <param name="output">Publishes.</param>
    /// <param name="options">How jobs are coordinated.</param>
    /// <param name="silo">This silo.</param>
    /// <param name="membership">The cluster's members.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it reports.</param>
    public JobCoordinatorGrain(
        IClerk clerk, AllowedPaths allowed, JobOutput output, CoordinatorOptions options, ILocalSiloDetails silo, IClusterMembershipService membership, TimeProvider time, ILogger<JobCoordinatorGrain> logger)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(time);
        (_node, _membership, _time, _logger, _options, _ended) = (silo.Name, membership, time, logger, options, _ending.Token);
        string writer = $"{silo.Name}/{Guid.NewGuid():n}";
        _core = new CoordinatorCore(options, writer);
        _journal = new JobJournal(clerk, writer, time, logger);
        _files = new JobFiles(allowed, output);

        // From here on time only goes forward: leases are measured by it, and a clock that is set would end or lengthen them.
        (_start, _startMs) = (time.GetTimestamp(), time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private long NowMs => _startMs + (long)_time.GetElapsedTime(_start).TotalMilliseconds;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(static (self, _) => self.OnTick(), this, new GrainTimerCreationOptions(TickPeriod, TickPeriod) { Interleave = true, KeepAlive = true });
        Begin("read which jobs there are", LoadAsync);
        return base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _ending.CancelAsync();
        _waiters.WakeAll();
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _ending.Dispose();

    /// <inheritdoc/>
    [NoProfiling]
    public Task<JobFrame> Heartbeat(JobFrame report)
    {
        ArgumentNullException.ThrowIfNull(report);
        TrackerOrders orders = _core.OnReport(JobCodec.Decode<TrackerReport>(report.Bytes), NowMs);
        CarryOut();
        return Task.FromResult(new JobFrame(JobCodec.Encode(orders)));
    }

    /// <inheritdoc/>
    public async Task<JobCoordinatorStatus> GetState()
    {
        await Task.CompletedTask;
        const int most = 50;
        return new JobCoordinatorStatus
        {
            Ready = _core.IsReady && !_core.HasResigned,
            Trackers = _core.DescribeTrackers(),
            Running = [.. _core.List(int.MaxValue, NowMs).Where(static job => job.EndedMs == 0).Take(most).Select(Describe)],
            Ended = _core.EndedJobs,
            Problem = _problem ?? _journal.Problem,
            Node = _node,
        };
    }

    private static string Describe(JobView job) =>
        $"{job.Spec.Id} {job.Name}: {job.Phase}, {job.MapsDone} of {job.Maps} maps, {job.ReducesDone} of {job.Reduces} reduces, {job.Running} attempts";

    private Task OnTick()
    {
        _core.SetNodes([.. _membership.CurrentSnapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active).Select(static member => member.Name)]);
        _core.Tick(NowMs);
        CarryOut();
        return Task.CompletedTask;
    }

    private async Task LoadAsync()
    {
        List<JobIndexEntry> index = await _journal.ReadIndexAsync(_ended);
        _core.Start(index, NowMs);
        LogBegun(_logger, index.Count(static entry => entry.View.EndedMs == 0), index.Count);
        CarryOut();
    }

    [LoggerMessage(31, LogLevel.Information, "The coordinator of MapReduce jobs began: {Running} jobs to take over, {Known} known.")]
    private static partial void LogBegun(ILogger logger, int running, int known);
}
