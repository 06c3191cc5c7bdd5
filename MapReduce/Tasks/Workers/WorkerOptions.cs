using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>How worker processes are started, bounded and used again.</summary>
public sealed record WorkerOptions
{
    /// <summary>How many attempts run at a time. There are no more processes than that, busy or idle. Default: the processors.</summary>
    public int Slots { get; init; } = Environment.ProcessorCount;

    /// <summary>The memory that user code gets beside the pairs, records and buffers that the engine keeps for it; in bytes. Default: 256 MiB.</summary>
    public long AllowanceBytes { get; init; } = 256L << 20;

    /// <summary>The memory for the runtime, code and what user code allocates outside of the managed heap; in bytes. Default: 256 MiB.</summary>
    public long UnmanagedBytes { get; init; } = 256L << 20;

    /// <summary>After how many attempts a worker is replaced, for what user code may have left in it. Default: 1,000.</summary>
    public int MostAttempts { get; init; } = 1000;

    /// <summary>After how long without work a worker ends. Default: 10 s.</summary>
    public TimeSpan MostIdleTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an attempt that is told to stop may take to do so; then its process is killed. Default: 1 s.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many threads an attempt may leave behind; a worker with more is replaced. Default: 16.</summary>
    public int MostLeakedThreads { get; init; } = 16;

    /// <summary>The managed heap of a worker for a job: what the engine may need for pairs and records while its buffers grow, and the allowance.</summary>
    public long HeapLimitBytes(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return (2 * spec.MemoryBytes) + (2L * spec.MaxRecordBytes) + AllowanceBytes;
    }
}
