using System.Text.Json;

namespace Quorleans.MapReduce.Engine;

/// <summary>What a job did.</summary>
public sealed record JobReport
{
    /// <summary>The name of the report in an output folder.</summary>
    public const string FileName = "_job.json";

    /// <summary>The job's name.</summary>
    public required string Job { get; init; }

    /// <summary>How many files were read.</summary>
    public required int InputFiles { get; init; }

    /// <summary>Their size.</summary>
    public required long InputBytes { get; init; }

    /// <summary>How many records were mapped.</summary>
    public required long Records { get; init; }

    /// <summary>How many records were skipped as bad.</summary>
    public required long BadRecords { get; init; }

    /// <summary>Where the first of them lie.</summary>
    public required IReadOnlyList<string> BadRecordPlaces { get; init; }

    /// <summary>How many pairs the mappers emitted.</summary>
    public required long Pairs { get; init; }

    /// <summary>How many bytes of intermediate files were written.</summary>
    public required long SpilledBytes { get; init; }

    /// <summary>How many different keys there were.</summary>
    public required long Groups { get; init; }

    /// <summary>How many records were written.</summary>
    public required long OutputRecords { get; init; }

    /// <summary>How many bytes were written.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>The number of map tasks.</summary>
    public required int Maps { get; init; }

    /// <summary>The number of reduce tasks.</summary>
    public required int Reduces { get; init; }

    /// <summary>How long the maps took, in seconds.</summary>
    public required double MapSeconds { get; init; }

    /// <summary>How long the job took, in seconds, without its publication.</summary>
    public required double Seconds { get; init; }

    /// <summary>What user code counted, by name.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }

    /// <summary>The reports of a chain as JSON.</summary>
    public static byte[] ToJson(IReadOnlyList<JobReport> reports) => JsonSerializer.SerializeToUtf8Bytes(new Chain(reports), Format);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static IReadOnlyList<JobReport> FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<Chain>(json, Format)?.Jobs ?? throw new JsonException("there is no report in it");

    private sealed record Chain(IReadOnlyList<JobReport> Jobs);

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}
