using Quorleans.Raft;
using Quorleans.Simulation;

namespace Quorleans.Labs;

/// <summary>A state machine whose snapshots are counted.</summary>
/// <param name="inner">The machine.</param>
/// <param name="captured">Called when a snapshot of it is taken.</param>
/// <param name="installed">Called when a snapshot replaces its state.</param>
internal sealed class WatchedMachine(IStateMachine inner, Action captured, Action installed) : IWrappedMachine
{
    public IStateMachine Inner => inner;

    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult) => inner.Apply(entry, wantResult);

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => inner.Query(request);

    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => inner.Validate(payload, isQuery);

    public ISnapshotView Capture()
    {
        captured();
        return inner.Capture();
    }

    public object Load(Stream source, CancellationToken cancellationToken) => inner.Load(source, cancellationToken);

    public void Install(object loaded)
    {
        inner.Install(loaded);
        installed();
    }
}
