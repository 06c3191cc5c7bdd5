using System.Security.Cryptography;
using System.Text.Json;
using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Grains.MapReduce;

public sealed partial class JobCoordinatorGrain
{
    /// <summary>Below Orleans' own limit, so that a client learns that it may ask again.</summary>
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(8), LogPatience = TimeSpan.FromSeconds(5);

    private const int MaxLogCharacters = 4 << 20;
    private const int SecretCharacters = 64;

    /// <inheritdoc/>
    public async Task<JobFrame> Submit(JobFrame spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        JobSpec? job = null;
        try
        {
            job = JobCodec.Decode<JobSpec>(spec.Bytes);
        }
        catch (JsonException e)
        {
            return Refuse($"The job's description cannot be read: {e.Message}");
        }

        if (!IsAtWork) return AgainLater();
        if ((JobRules.Problem(job) ?? (_core.Find(job.Id, NowMs) is null ? await _files.CheckAsync(job) : null)) is { } problem) return Refuse(problem);
        if (_core.IsLoading(job.Id)) return AgainLater();
        if (_core.Submit(job, RandomNumberGenerator.GetHexString(SecretCharacters), NowMs) is { } refusal) return Refuse(refusal);
        CarryOut();
        return await WaitAsync(job.Id, _core.IsInStore);
    }

    /// <inheritdoc/>
    public async Task<JobFrame> Cancel(string job)
    {
        if (!IsAtWork || _core.IsLoading(job)) return AgainLater();
        if (_core.Cancel(job, NowMs) is { } refusal) return Refuse(refusal);
        CarryOut();
        return await WaitAsync(job, _core.HasEnded);
    }

    /// <inheritdoc/>
    public async Task<JobFrame> Find(string job)
    {
        if (IsAtWork && _core.IsLoading(job)) await _waiters.WaitAsync(job, TickPeriod, _time);
        if (!IsAtWork || _core.IsLoading(job)) return AgainLater();
        return Answer(_core.Find(job, NowMs) is { } view ? [view] : []);
    }

    /// <inheritdoc/>
    public Task<JobFrame> List(int most) => Task.FromResult(IsAtWork ? Answer(_core.List(Math.Clamp(most, 0, _options.MaxHistory), NowMs)) : AgainLater());

    /// <inheritdoc/>
    public async Task<JobFrame> ReadLog(string job, string? task)
    {
        if (!IsAtWork) return AgainLater();
        if (_core.Find(job, NowMs) is null) return _core.IsLoading(job) ? AgainLater() : Refuse($"There is no job {job}.");
        List<AttemptTranscript> logs = [];
        foreach (List<AttemptTranscript> part in await Task.WhenAll(_core.LiveTrackers().Select(tracker => ReadLogAsync(tracker, job, task)))) logs.AddRange(part);
        logs.Sort(static (one, other) => one.StartedMs.CompareTo(other.StartedMs));

        // The newest are what people look for.
        int first = logs.Count, characters = 0;
        while (first > 0 && (characters += logs[first - 1].Text.Length) <= MaxLogCharacters) first--;
        return new JobFrame(JobCodec.Encode(new JobAnswer { Logs = logs.GetRange(first, logs.Count - first) }));
    }

    private bool IsAtWork => _core.IsReady && !_core.HasResigned && _problem is null && !_ended.IsCancellationRequested;

    private async Task<List<AttemptTranscript>> ReadLogAsync(string tracker, string job, string? task)
    {
        try
        {
            JobFrame frame = await GrainFactory.GetGrain<ITaskTrackerGrain>(tracker).ReadLog(job, task).WaitAsync(LogPatience, _time);
            return JobCodec.Decode<List<AttemptTranscript>>(frame.Bytes);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [new AttemptTranscript(new AttemptKey(job, default, default), tracker, NowMs, $"Node {tracker} does not say what ran there: {e.Message}")];
        }
    }

    private async Task<JobFrame> WaitAsync(string job, Func<string, bool> condition)
    {
        long since = _time.GetTimestamp();
        while (IsAtWork && !condition(job))
        {
            TimeSpan left = ClientPatience - _time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero) break;
            await _waiters.WaitAsync(job, left, _time);
        }

        return IsAtWork && condition(job) && _core.Find(job, NowMs) is { } view ? Answer([view]) : AgainLater();
    }

    private static JobFrame Answer(IReadOnlyList<JobView> jobs) => new(JobCodec.Encode(new JobAnswer { Jobs = jobs }));

    private static JobFrame Refuse(string why) => new(JobCodec.Encode(new JobAnswer { Error = why }));

    private JobFrame AgainLater() =>
        new(JobCodec.Encode(new JobAnswer { Again = true, Error = _problem ?? _journal.Problem ?? "The coordinator of jobs is about to begin, or waits for the store." }));
}
