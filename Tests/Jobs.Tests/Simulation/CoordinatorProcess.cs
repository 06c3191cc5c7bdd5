using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>A coordinator's process: drives the core as the grain does, and may die or be paused at any step. A paused one goes on later, and knows of nothing.</summary>
internal sealed class CoordinatorProcess
{
    private const int TickMs = 250;
    private const int StoreTimeoutMs = 500;
    private readonly World _world;
    private readonly string _writer;
    private readonly HashSet<string> _stopped = new(StringComparer.Ordinal);
    private bool _isDead;
    private long _pausedUntilMs;

    public CoordinatorProcess(World world, int number)
    {
        _world = world;
        _writer = $"c{number}";
        Core = new CoordinatorCore(new CoordinatorOptions(), _writer);
        Soon(() => Core.Start(world.Store.ReadIndex(), world.NowMs));
        world.After(TickMs, Tick);
    }

    public CoordinatorCore Core { get; }

    /// <summary>Whether calls reach nobody here.</summary>
    public bool IsAway => _isDead || _world.NowMs < _pausedUntilMs;

    public void Die() => _isDead = true;

    public void Pause(int ms) => _pausedUntilMs = _world.NowMs + ms;

    /// <summary>A client's call, or a tracker's.</summary>
    public void Call(Action<CoordinatorCore> action)
    {
        if (IsAway || !Core.IsReady) return;
        action(Core);
        CarryOut();
    }

    private void Tick()
    {
        if (_isDead) return;
        Deliver(() =>
        {
            Core.SetNodes([.. _world.Trackers.Where(static tracker => tracker.IsUp).Select(static tracker => tracker.Name)]);
            Core.Tick(_world.NowMs);
        });
        _world.After(TickMs, Tick);
    }

    // Whatever comes while it is paused waits for it.
    private void Deliver(Action action)
    {
        if (_isDead) return;
        if (IsAway)
        {
            _world.After(_pausedUntilMs - _world.NowMs, () => Deliver(action));
            return;
        }

        action();
        CarryOut();
    }

    private void Soon(Action action) => _world.After(_world.Delay(), () => Deliver(action));

    private void CarryOut()
    {
        while (!_isDead && Core.TakeEffects() is { Count: > 0 } effects)
            foreach (CoordinatorEffect effect in effects) CarryOut(effect);
    }

    private void CarryOut(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case AppendEffect append:
                // Each is a point of no return: the process may end before, while nobody knows whether it happened, and after.
                Soon(() => Append(append));
                break;
            case TakeEffect take:
                Soon(() => Take(take.Job));
                break;
            case PrepareEffect prepare:
                string? error = null;
                RunFiles(_world.Files.Begin(prepare.Spec, e => error = e), () => Prepared(prepare.Spec, error));
                break;
            case PublishEffect publish:
                RunFiles(_world.Files.Publish(publish.Spec, publish.Generation, publish.Winners, () => _stopped.Contains(publish.Spec.Id)), () =>
                    Core.OnPublished(publish.Spec.Id, _world.Files.IsPublished(publish.Spec) ? null : "it could not be published", _world.NowMs));
                break;
            case StopPublishingEffect stop:
                _stopped.Add(stop.Job);
                break;
            case TakeAwayEffect take:
                RunFiles(_world.Files.TakeAway(take.Spec, take.Generation), () => Core.OnTakenAway(take.Spec.Id, _world.Files.IsPublished(take.Spec), null, _world.NowMs));
                break;
            case SweepEffect sweep:
                RunFiles(Single("remove"), () =>
                {
                    _world.Files.Remove(sweep.Entry.View.Spec);
                    _world.Store.Sweep(sweep.Entry);
                    Core.OnSwept(sweep.Entry.View.Spec.Id, done: true, _world.NowMs);
                });
                break;
            case PokeEffect poke:
                if (!_world.Chance(_world.Options.NetworkFaults)) _world.After(_world.Delay(), () => _world.Trackers.Find(tracker => tracker.Name == poke.Tracker)?.Poke());
                break;
            case ResignEffect:
                _isDead = true;
                _world.Resigned(this);
                break;
        }
    }

    private static IEnumerable<string?> Single(string call)
    {
        yield return call;
    }

    private void RunFiles(IEnumerable<string?> calls, Action end)
    {
        IEnumerator<string?> call = calls.GetEnumerator();
        Soon(Next);
        void Next()
        {
            _world.Step(this);
            if (IsAway)
            {
                Soon(Next);
                return;
            }

            if (call.MoveNext()) Soon(Next);
            else end();
        }
    }

    private void Prepared(JobSpec spec, string? error)
    {
        if (_world.Store.OwnerOf(spec.Id)?.Writer == _writer)
        {
            Core.OnPrepared(spec.Id, error, _world.NowMs);
            return;
        }

        if (_world.Store.IndexOf(spec.Id)!.View.EndedMs > 0) _world.Files.Remove(spec);
        Core.OnFenced(spec.Id);
    }

    private void Append(AppendEffect append)
    {
        _world.Step(this);
        if (IsAway && _world.Roll(2) == 0)
        {
            Soon(() => Append(append));
            return;
        }

        int fate = _world.Chance(_world.Options.StoreFaults) ? 1 + _world.Roll(3) : 0;
        switch (fate)
        {
            case 0:
                bool done = _world.Store.Append(append);
                Soon(() => Appended(append, done));
                return;
            case 1:
                _world.Store.Append(append);
                break;
            case 2:
                _world.After(_world.Roll(5000), () => _world.Store.Append(append));
                break;
        }

        // Nobody knows; it is sent again.
        _world.After(StoreTimeoutMs, () => Deliver(() => Append(append)));
    }

    private void Appended(AppendEffect append, bool done)
    {
        _world.Step(this);
        if (IsAway) Soon(() => Appended(append, done));
        else if (done) Core.OnAppended(append.Job, append.After.Records, _world.NowMs);
        else Core.OnFenced(append.Job);
    }

    private void Take(string job)
    {
        JobIndexEntry index = _world.Store.IndexOf(job)!;
        if (index.View.EndedMs > 0)
        {
            Core.OnFoundEnded(index, _world.NowMs);
            return;
        }

        JobOwner before = _world.Store.OwnerOf(job)!;
        Soon(() =>
        {
            JobOwner after = before with { Generation = before.Generation + 1, Writer = _writer };
            if (!_world.Store.Exchange(job, before, after)) Take(job);
            else Soon(() => Taken(job, after));
        });
    }

    private void Taken(string job, JobOwner owner)
    {
        _world.Step(this);
        if (IsAway) Soon(() => Taken(job, owner));

        // Another one may have taken it, finished it and removed its journal.
        else if (_world.Store.OwnerOf(job) != owner) Core.OnFenced(job);
        else Core.OnTaken(owner, _world.Store.ReadRecords(job, owner.Records), _world.NowMs);
    }
}
