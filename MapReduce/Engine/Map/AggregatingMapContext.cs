using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>For mappers that emit numbers: they are combined in a table.</summary>
internal sealed class AggregatingMapContext<TCombiner> : MapContext, IAggregatingContext
    where TCombiner : struct, ICombiner<long>
{
    private readonly IAggregatingMapper _mapper;
    private readonly AggregationTable<TCombiner> _table;
    private readonly HeldPairs _held = new();

    public AggregatingMapContext(MapSettings settings, WorkFiles files, Action<string> status, CancellationToken cancellation)
        : base(settings, files, status, cancellation)
    {
        _mapper = settings.Definition.Aggregation!.Mapper();
        _table = new AggregationTable<TCombiner>(settings.Partitions, settings.MemoryBytes, settings.Partitioner, settings.Definition.KeyOrder, ArenaPool.Shared);
    }

    public override void Map(ReadOnlySpan<byte> record) => _mapper.Map(record, this);

    public void Emit(ReadOnlySpan<byte> key, long value)
    {
        if (Holds) _held.Add(key, MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));
        else Add(key, value);
    }

    public override void Release()
    {
        if (!Holds) return;
        for (int at = 0; _held.TryRead(ref at, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);) Add(key, MemoryMarshal.Read<long>(value));
        _held.Clear();
        ReleaseCounters();
    }

    public override void Drop()
    {
        _held.Clear();
        DropCounters();
    }

    public override void Finish()
    {
        if (Pairs > 0) AddRun(_table.WriteRun);
    }

    public override void Dispose() => _table.Dispose();

    private void Add(ReadOnlySpan<byte> key, long value)
    {
        if (!_table.TryAdd(key, value))
        {
            AddRun(_table.WriteRun);
            _table.TryAdd(key, value);
        }

        Pairs++;
    }
}
