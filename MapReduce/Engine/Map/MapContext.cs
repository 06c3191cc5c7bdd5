using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>A map attempt's side of the user's code: calls the mapper and takes its pairs.</summary>
internal abstract class MapContext : TaskContext, IMapTaskContext, IDisposable
{
    private readonly WorkFiles _files;
    private readonly List<Run> _runs = [];

    protected MapContext(MapSettings settings, WorkFiles files, Action<string> status, CancellationToken cancellation)
        : base(settings.Arguments, status, cancellation)
    {
        Settings = settings;
        _files = files;
        Holds = settings.BadRecords.MaySkip;
    }

    public string InputPath { get; set; } = "";

    public long Position { get; set; }

    /// <summary>How many pairs were emitted.</summary>
    public long Pairs { get; protected set; }

    /// <summary>The runs that were written.</summary>
    public IReadOnlyList<Run> Runs => _runs;

    protected MapSettings Settings { get; }

    /// <summary>Calls the mapper.</summary>
    public abstract void Map(ReadOnlySpan<byte> record);

    /// <summary>The record's pairs and counts become part of the result; needed only when records may be skipped.</summary>
    public abstract void Release();

    /// <summary>The record's pairs and counts are forgotten.</summary>
    public abstract void Drop();

    /// <summary>Writes what is in memory.</summary>
    public abstract void Finish();

    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();

    protected void AddRun(Func<WorkFiles, string, Run> write)
    {
        Cancellation.ThrowIfCancellationRequested();
        Settings.Watch?.Close();
        _runs.Add(write(_files, _files.NewPath("run")));
        Settings.Watch?.Begin(Position);
    }

    protected int PartitionOf(ReadOnlySpan<byte> key) => PartitionOf(Settings.Partitioner, key, Settings.Partitions);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int PartitionOf(IPartitioner partitioner, ReadOnlySpan<byte> key, int partitions)
    {
        int partition = partitioner.Partition(key, partitions);
        if ((uint)partition >= (uint)partitions)
            throw new MapReduceException(JobFailure.UserCode, $"the partitioner sent the key {Describe.Bytes(key)} to partition {partition} of {partitions}");
        return partition;
    }
}
