using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quorleans.MapReduce.Tasks;

/// <summary>What a reduce task asks a tracker for: one partition of many map outputs, in one answer. With a request for each, small blocks would cost more than their bytes.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Indexes">The indexes of the map outputs, as paths on the tracker's machine.</param>
public sealed record MapOutputRequest(int Partition, IReadOnlyList<string> Indexes)
{
    /// <summary>How many outputs one request may name.</summary>
    public const int MostIndexes = 512;

    /// <summary>How long a request may be.</summary>
    public const int MostBytes = 2 << 20;

    /// <summary>Where it goes, by POST. <c>Range: bytes=N-</c> asks for the rest of an answer that broke off.</summary>
    public const string Path = "/map-outputs";

    /// <summary>As it travels.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, MapOutputJson.Default.MapOutputRequest);

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static MapOutputRequest FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, MapOutputJson.Default.MapOutputRequest) is { Indexes: not null } request ? request : throw new JsonException("a part is missing");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MapOutputRequest))]
[JsonSerializable(typeof(int[]))]
internal sealed partial class MapOutputJson : JsonSerializerContext;
