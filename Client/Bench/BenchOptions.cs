namespace Quorleans.Client.Bench;

/// <summary>What a benchmark does.</summary>
internal sealed record BenchOptions
{
    /// <summary>The time before the measurement in which everything warms up.</summary>
    public static readonly TimeSpan DefaultWarmUp = TimeSpan.FromSeconds(2);

    /// <summary><c>put</c>, <c>get</c> or <c>append</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>How many callers, each with one operation outstanding.</summary>
    public required int Clients { get; init; }

    /// <summary>How long is measured.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How long a value is.</summary>
    public int ValueBytes { get; init; } = 64;

    /// <summary>How many keys, chosen evenly at random.</summary>
    public int Keys { get; init; } = 10_000;

    /// <summary>The time before the measurement.</summary>
    public TimeSpan WarmUp { get; init; } = DefaultWarmUp;
}

/// <summary>What a benchmark measured.</summary>
/// <param name="Operations">Operations that ended well within the measurement.</param>
/// <param name="Errors">Operations that failed within it.</param>
/// <param name="Latencies">Their latencies.</param>
internal sealed record BenchResult(long Operations, long Errors, LatencyHistogram Latencies);
