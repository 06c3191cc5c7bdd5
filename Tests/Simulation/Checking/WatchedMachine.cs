using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>The real key/value state machine of one life of a node, with a record of what is done to it.</summary>
internal sealed class WatchedMachine : IStateMachine
{
    private readonly KeyValueStateMachine _machine = new();

    /// <summary>What was done to it since the checker looked last.</summary>
    internal List<(LogIndex Index, Term Term, ulong Payload, UInt128 Digest)> Applied { get; } = [];

    /// <summary>Stands in the record where a whole state was installed.</summary>
    internal static LogIndex Installed => new(-1);

    internal LogIndex LastApplied { get; set; }

    internal UInt128 Digest => _machine.Digest;

    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        ReadOnlyMemory<byte> result = _machine.Apply(entry, wantResult);
        Applied.Add((entry.Index, entry.Term, PayloadHash.Of(entry.Payload.Span), _machine.Digest));
        return result;
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => _machine.Query(request);

    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => _machine.Validate(payload, isQuery);

    public ISnapshotView Capture() => _machine.Capture();

    public object Load(Stream source, CancellationToken cancellationToken) => _machine.Load(source, cancellationToken);

    public void Install(object loaded)
    {
        _machine.Install(loaded);
        Applied.Add((Installed, default, 0, _machine.Digest));
    }
}
