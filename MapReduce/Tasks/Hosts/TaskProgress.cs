using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>How far an attempt is; set by the thread that knows it, read by others.</summary>
public sealed class TaskProgress
{
    private volatile State _state = new(0, 0, 0, "");
    private volatile Func<State>? _source;

    /// <summary>The newest.</summary>
    public State Current => _source?.Invoke() ?? _state;

    /// <summary>Says how far it is.</summary>
    public void Set(State state) => _state = state;

    /// <summary>From now on whoever looks asks this.</summary>
    /// <param name="source">Called by any thread, returns at once.</param>
    internal void Follow(Func<State> source) => _source = source;

    /// <summary>As the coordinator wants it.</summary>
    public AttemptProgress For(AttemptKey key)
    {
        State now = Current;
        return new AttemptProgress(key, now.Bytes, now.Records, now.Fraction, now.Status);
    }

    /// <summary>How far an attempt is; the parts are those of <see cref="AttemptProgress"/>.</summary>
    /// <param name="Bytes">Map: bytes of its split read. Reduce: bytes of output written.</param>
    /// <param name="Records">Map: records mapped. Reduce: pairs reduced.</param>
    /// <param name="Fraction">From 0 to 1, as well as it is known.</param>
    /// <param name="Status">What user code said last.</param>
    public sealed record State(long Bytes, long Records, double Fraction, string Status);
}
