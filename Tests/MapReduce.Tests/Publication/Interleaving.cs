namespace Quorleans.MapReduce.Tests.Publication;

/// <summary>Runs actors on threads of their own, of which one moves at a time: at each of its steps the schedule says who is next.</summary>
internal sealed class Interleaving(Func<int, int> next)
{
    private readonly Lock _lock = new();
    private readonly List<SemaphoreSlim> _turns = [];
    private readonly List<bool> _isDone = [];
    private readonly List<string> _trace = [];
    private Exception? _failure;

    public string Trace
    {
        get
        {
            lock (_lock) return string.Join(' ', _trace);
        }
    }

    /// <summary>Runs all of them to their ends. Each gets what it must call before each step.</summary>
    public void Run(params Action<Action<string>>[] actors)
    {
        foreach (Action<Action<string>> _ in actors)
        {
            _turns.Add(new SemaphoreSlim(0));
            _isDone.Add(false);
        }

        Thread[] threads = [.. actors.Select((actor, i) => new Thread(() => Act(actor, i)) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        PassOn();
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(60)), $"stuck after {Trace}");
        if (_failure is not null) throw new InvalidOperationException($"after {Trace}", _failure);
    }

    private void Act(Action<Action<string>> actor, int self)
    {
        _turns[self].Wait();
        try
        {
            actor(step =>
            {
                lock (_lock) _trace.Add($"{self}:{step}");
                PassOn();
                _turns[self].Wait();
            });
        }
        catch (Exception e)
        {
            lock (_lock) _failure ??= e;
        }

        lock (_lock) _isDone[self] = true;
        PassOn();
    }

    private void PassOn()
    {
        lock (_lock)
        {
            int[] left = [.. Enumerable.Range(0, _turns.Count).Where(i => !_isDone[i])];
            if (left.Length > 0) _turns[left[next(left.Length)]].Release();
        }
    }
}
