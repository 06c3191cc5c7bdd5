using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>The real state machine of one life of a node, with a record of what is done to it.</summary>
/// <param name="machine">The state machine.</param>
/// <param name="digest">Its digest.</param>
/// <param name="changed">Called after each entry, or null after a whole state was installed.</param>
internal sealed class WatchedMachine(IStateMachine machine, Func<UInt128> digest, Action<LogEntry?>? changed = null) : IWrappedMachine
{
    private readonly IStateMachine _machine = machine;

    /// <summary>Creates the store of a cluster with one group.</summary>
    internal static WatchedMachine OfStore()
    {
        KeyValueStateMachine store = new();
        return new WatchedMachine(store, () => store.Digest);
    }

    public IStateMachine Inner => _machine;

    /// <summary>What was done to it since the checker looked last.</summary>
    internal List<(LogIndex Index, Term Term, ulong Payload, UInt128 Digest)> Applied { get; } = [];

    /// <summary>Stands in the record where a whole state was installed.</summary>
    internal static LogIndex Installed => new(-1);

    internal LogIndex LastApplied { get; set; }

    internal UInt128 Digest => digest();

    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        ReadOnlyMemory<byte> result = _machine.Apply(entry, wantResult);
        Applied.Add((entry.Index, entry.Term, PayloadHash.Of(entry.Payload.Span), digest()));
        changed?.Invoke(entry);
        return result;
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => _machine.Query(request);

    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => _machine.Validate(payload, isQuery);

    public ISnapshotView Capture() => _machine.Capture();

    public object Load(Stream source, CancellationToken cancellationToken) => _machine.Load(source, cancellationToken);

    public void Install(object loaded)
    {
        _machine.Install(loaded);
        Applied.Add((Installed, default, 0, digest()));
        changed?.Invoke(null);
    }
}
