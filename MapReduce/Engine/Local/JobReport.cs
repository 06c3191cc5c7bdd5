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
    /// <param name="reports">One for each of its jobs.</param>
    /// <param name="id">The id that the chain has in a cluster: by it an output shows whose it is. Null for a local one.</param>
    public static byte[] ToJson(IReadOnlyList<JobReport> reports, string? id = null) => JsonSerializer.SerializeToUtf8Bytes(new { id, jobs = reports }, Format);

    /// <summary>The id of the chain that a report belongs to; null when there is none, or it is no report.</summary>
    public static string? IdOf(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument report = JsonDocument.Parse(json);
            return report.RootElement.ValueKind == JsonValueKind.Object && report.RootElement.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true, DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
}
