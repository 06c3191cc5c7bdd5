using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>Counters, status and arguments of one attempt.</summary>
internal abstract class TaskContext(JobArguments arguments, Action<string> status, CancellationToken cancellation) : ITaskContext
{
    private readonly Dictionary<string, long> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _pending = new(StringComparer.Ordinal);

    public JobArguments Arguments { get; } = arguments;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>What was counted.</summary>
    public IReadOnlyDictionary<string, long> Counters => _counters;

    /// <summary>Whether what a record does is held back until it is known to be good.</summary>
    protected bool Holds { get; init; }

    public void Count(string counter, long by = 1)
    {
        ref long value = ref CollectionsMarshal.GetValueRefOrAddDefault(Holds ? _pending : _counters, counter, out _);
        value += by;
    }

    public void Status(string text) => status(text);

    /// <summary>The record was good.</summary>
    protected void ReleaseCounters()
    {
        if (_pending.Count == 0) return;
        foreach ((string counter, long by) in _pending) CollectionsMarshal.GetValueRefOrAddDefault(_counters, counter, out _) += by;
        _pending.Clear();
    }

    /// <summary>The record was bad.</summary>
    protected void DropCounters() => _pending.Clear();
}
