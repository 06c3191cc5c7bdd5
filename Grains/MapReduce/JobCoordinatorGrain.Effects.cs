using System.Text.Json;
using Microsoft.Extensions.Logging;
using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Grains.MapReduce;

public sealed partial class JobCoordinatorGrain
{
    private void CarryOut()
    {
        while (_core.TakeEffects() is { Count: > 0 } effects)
            foreach (CoordinatorEffect effect in effects) CarryOut(effect);
    }

    private void CarryOut(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case AppendEffect append:
                Begin($"keep what became of job {append.Job}", () => AppendAsync(append));
                break;
            case TakeEffect take:
                Begin($"take job {take.Job} over", () => TakeAsync(take.Job));
                break;
            case PrepareEffect prepare:
                Begin($"prepare job {prepare.Spec.Id}", () => PrepareAsync(prepare.Spec));
                break;
            case PublishEffect publish:
                Begin($"publish job {publish.Spec.Id}", () => PublishAsync(publish));
                break;
            case StopPublishingEffect stop:
                if (_publishing.TryGetValue(stop.Job, out CancellationTokenSource? stopping)) stopping.Cancel();
                break;
            case TakeAwayEffect take:
                Begin($"take away the output of job {take.Spec.Id}", () => TakeAwayAsync(take));
                break;
            case SweepEffect sweep:
                Begin($"remove the files of job {sweep.Entry.View.Spec.Id}", () => SweepAsync(sweep.Entry));
                break;
            case ForgetEffect forget:
                Begin($"forget job {forget.Job}", () => _journal.ForgetAsync(forget.Job, _ended));
                break;
            case PokeEffect poke:
                Begin($"poke {poke.Tracker}", () => PokeAsync(poke.Tracker));
                break;
            case ChangedEffect changed:
                _waiters.Wake(changed.Job);
                break;
            case ResignEffect resign:
                LogResigned(_logger, resign.Job);
                _waiters.WakeAll();
                EndActivation();
                break;
        }
    }

    private async Task AppendAsync(AppendEffect append)
    {
        if (await _journal.AppendAsync(append, _ended)) _core.OnAppended(append.Job, append.After.Records, NowMs);
        else _core.OnFenced(append.Job);
    }

    private async Task TakeAsync(string job)
    {
        TakenJob taken;
        try
        {
            taken = await _journal.TakeAsync(job, _ended);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            // Either somebody else has taken it meanwhile, and finished it, or what is there is damaged.
            (bool isOwner, bool hasEnded, bool hasOwner) = await _journal.LookAsync(job, _ended);
            if (hasEnded || (hasOwner && !isOwner))
            {
                _core.OnFenced(job);
                return;
            }

            LogUnreadable(_logger, job, e);
            _core.OnUnreadable(job, e.Message, NowMs);
            return;
        }

        if (taken.Ended is { } ended)
        {
            _core.OnFoundEnded(ended, NowMs);
            return;
        }

        LogTaken(_logger, job, taken.Owner!.Generation, taken.Owner.Records);
        _core.OnTaken(taken.Owner, taken.Events, NowMs);
    }

    private async Task PrepareAsync(JobSpec spec)
    {
        string? error = await JobFiles.PrepareAsync(spec);

        // Paused before this, it may have made a folder that its successor had removed with the job's end.
        (bool isOwner, bool hasEnded, _) = await _journal.LookAsync(spec.Id, _ended);
        if (isOwner)
        {
            Tell(_core.OnPrepared, spec.Id, error);
            return;
        }

        if (hasEnded) await _files.RemoveAsync(spec);
        _core.OnFenced(spec.Id);
    }

    private async Task PublishAsync(PublishEffect publish)
    {
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(_ended);
        string job = publish.Spec.Id;
        _publishing[job] = stopping;
        try
        {
            Tell(_core.OnPublished, job, await _files.PublishAsync(publish, stopping.Token));
        }
        finally
        {
            _publishing.Remove(job);
        }
    }

    private async Task TakeAwayAsync(TakeAwayEffect take)
    {
        (bool? published, string? error) = await _files.TakeAwayAsync(take);
        if (error is not null) LogFilesFail(_logger, take.Spec.Id, error);
        _core.OnTakenAway(take.Spec.Id, published, error, NowMs);
    }

    private async Task SweepAsync(JobIndexEntry entry)
    {
        string? error = await _files.RemoveAsync(entry.View.Spec);
        if (error is null) await _journal.SweepAsync(entry, _ended);
        else LogFilesFail(_logger, entry.View.Spec.Id, error);
        _core.OnSwept(entry.View.Spec.Id, error is null, NowMs);
    }

    private async Task PokeAsync(string tracker)
    {
        try
        {
            await GrainFactory.GetGrain<ITaskTrackerGrain>(tracker).Poke();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It reports by itself a little later, or is gone.
        }
    }

    private void Tell(Action<string, string?, long> what, string job, string? error)
    {
        if (error is not null) LogFilesFail(_logger, job, error);
        what(job, error, NowMs);
    }

    // Goes on on this activation's scheduler, beside whatever else it does. What cannot be done at all ends the coordinator: its successor begins from the store.
    private async void Begin(string what, Func<Task> action)
    {
        try
        {
            await action();
            if (!_ended.IsCancellationRequested) CarryOut();
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The activation is over.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (_ended.IsCancellationRequested) return;
            _problem = $"It could not {what}: {e.Message}";
            LogFailed(_logger, what, e);
            _waiters.WakeAll();
            EndActivation();
        }
    }

    // What comes after an exception here would end the process: nobody waits for what was begun.
    private void EndActivation()
    {
        try
        {
            DeactivateOnIdle();
        }
        catch (InvalidOperationException)
        {
            // It is gone already, with its silo.
        }
    }

    [LoggerMessage(32, LogLevel.Information, "Job {Job} was taken over as generation {Generation}, with {Records} records.")]
    private static partial void LogTaken(ILogger logger, string job, int generation, long records);

    [LoggerMessage(36, LogLevel.Error, "The journal of job {Job} cannot be read; it is left as it is.")]
    private static partial void LogUnreadable(ILogger logger, string job, Exception reason);

    [LoggerMessage(33, LogLevel.Warning, "Job {Job} belongs to another coordinator: this one ends.")]
    private static partial void LogResigned(ILogger logger, string job);

    [LoggerMessage(34, LogLevel.Warning, "Job {Job}: {Error}")]
    private static partial void LogFilesFail(ILogger logger, string job, string error);

    [LoggerMessage(35, LogLevel.Error, "The coordinator of MapReduce jobs could not {What}; it ends, and begins anew from the store.")]
    private static partial void LogFailed(ILogger logger, string what, Exception reason);
}
