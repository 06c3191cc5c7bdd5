using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>Submits a job until it is taken, cancels it if it is to be, and waits for its end: asks again whenever there is no answer.</summary>
internal sealed class ClientProcess
{
    private const int AgainMs = 300;
    private readonly World _world;

    public ClientProcess(World world, SimulatedJob job)
    {
        (_world, Job) = (world, job);
        world.After(job.SubmitAtMs, Submit);
    }

    public SimulatedJob Job { get; }

    /// <summary>A coordinator has said that the job is in the store.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>A coordinator has said that the job ended.</summary>
    public bool IsDone { get; private set; }

    public string? Refused { get; private set; }

    private void Submit()
    {
        bool taken = false;
        _world.Current.Call(core =>
        {
            if (core.IsLoading(Job.Spec.Id)) return;
            Refused = core.Submit(Job.Spec, "secret", _world.NowMs);
            taken = core.IsInStore(Job.Spec.Id);
        });
        if (taken)
        {
            IsTaken = true;
            if (Job.CancelAtMs >= 0) _world.After(Job.CancelAtMs, Cancel);
            if (_world.Options.CancelsInCommit) WatchCommit();
            _world.After(AgainMs, Watch);
            return;
        }

        _world.After(AgainMs, Submit);
    }

    private void Cancel()
    {
        if (IsDone) return;
        _world.Current.Call(core => core.Cancel(Job.Spec.Id, _world.NowMs));
        _world.After(AgainMs, Cancel);
    }

    private void WatchCommit()
    {
        if (_world.Store.HistoryOf(Job.Spec.Id).Any(static e => e.Kind == JobEventKind.Committing)) Cancel();
        else if (!IsDone) _world.After(_world.Delay(), WatchCommit);
    }

    private void Watch()
    {
        _world.Current.Call(core => IsDone = core.HasEnded(Job.Spec.Id));
        if (!IsDone) _world.After(AgainMs, Watch);
    }
}
