namespace Quorleans.MapReduce.Engine;

/// <summary>How far a job is; read at any time by other threads than those that work.</summary>
public sealed class JobProgress
{
    private long _inputBytes;
    private long _mappedBytes;
    private long _records;
    private long _spilledBytes;
    private long _reducedPairs;
    private long _outputBytes;
    private long _pairs;
    private int _maps;
    private int _mapsDone;
    private int _reduces;
    private int _reducesDone;

    /// <summary>The job's name and place in its chain.</summary>
    public string Job { get; private set; } = "";

    /// <summary>What user code said last.</summary>
    public string Status { get; private set; } = "";

    /// <summary>The input's size in bytes.</summary>
    public long InputBytes => Volatile.Read(ref _inputBytes);

    /// <summary>How much of it was mapped.</summary>
    public long MappedBytes => Volatile.Read(ref _mappedBytes);

    /// <summary>How many records were mapped.</summary>
    public long Records => Volatile.Read(ref _records);

    /// <summary>The bytes of the intermediate files that were written.</summary>
    public long SpilledBytes => Volatile.Read(ref _spilledBytes);

    /// <summary>The pairs of the intermediate files, known when the maps are done.</summary>
    public long Pairs => Volatile.Read(ref _pairs);

    /// <summary>How many of them were reduced.</summary>
    public long ReducedPairs => Volatile.Read(ref _reducedPairs);

    /// <summary>How much output was written.</summary>
    public long OutputBytes => Volatile.Read(ref _outputBytes);

    /// <summary>The number of map tasks.</summary>
    public int Maps => Volatile.Read(ref _maps);

    /// <summary>How many of them are done.</summary>
    public int MapsDone => Volatile.Read(ref _mapsDone);

    /// <summary>The number of reduce tasks.</summary>
    public int Reduces => Volatile.Read(ref _reduces);

    /// <summary>How many of them are done.</summary>
    public int ReducesDone => Volatile.Read(ref _reducesDone);

    internal void Begin(string job, long inputBytes, int maps, int reduces)
    {
        Job = job;
        Status = "";
        _inputBytes = inputBytes;
        _maps = maps;
        _reduces = reduces;
        _mappedBytes = _records = _spilledBytes = _pairs = _reducedPairs = _outputBytes = 0;
        _mapsDone = _reducesDone = 0;
    }

    internal void SetStatus(string text) => Status = text;

    internal void AddMapped(long records, long bytes)
    {
        Interlocked.Add(ref _records, records);
        Interlocked.Add(ref _mappedBytes, bytes);
    }

    internal void AddSpilled(long bytes) => Interlocked.Add(ref _spilledBytes, bytes);

    internal void SetPairs(long pairs) => Volatile.Write(ref _pairs, pairs);

    internal void AddReduced(long pairs) => Interlocked.Add(ref _reducedPairs, pairs);

    internal void AddOutput(long bytes) => Interlocked.Add(ref _outputBytes, bytes);

    internal void EndMap() => Interlocked.Increment(ref _mapsDone);

    internal void EndReduce() => Interlocked.Increment(ref _reducesDone);
}
