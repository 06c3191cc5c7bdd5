using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>For mappers that emit bytes: pairs are sorted in memory.</summary>
internal sealed class Utf8MapContext : MapContext, IUtf8MapContext
{
    private readonly IUtf8Mapper _mapper;
    private readonly IUtf8Combiner? _combiner;
    private readonly SortBuffer _buffer;
    private readonly HeldPairs _held = new();

    public Utf8MapContext(MapSettings settings, WorkFiles files, Action<string> status, CancellationToken cancellation)
        : base(settings, files, status, cancellation)
    {
        _mapper = settings.Definition.Mapper!();
        _combiner = settings.Definition.Combiner?.Invoke();
        _buffer = new SortBuffer(settings.Partitions, settings.MemoryBytes, settings.Definition.KeyOrder, ArenaPool.Shared);
    }

    public override void Map(ReadOnlySpan<byte> record) => _mapper.Map(record, this);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Emit(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (Holds) _held.Add(key, value);
        else Add(key, value);
    }

    public override void Release()
    {
        if (!Holds) return;
        for (int at = 0; _held.TryRead(ref at, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);) Add(key, value);
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
        if (!_buffer.IsEmpty) AddRun(Write);
    }

    public override void Dispose() => _buffer.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int partition = PartitionOf(key);
        if (!_buffer.TryAdd(partition, key, value))
        {
            AddRun(Write);
            _buffer.TryAdd(partition, key, value);
        }

        Pairs++;
    }

    private Run Write(WorkFiles files, string path) => _buffer.WriteRun(files, path, _combiner);
}
