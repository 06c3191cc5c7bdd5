using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// The one form of what leaves a process: JSON, in the store's journal, in grain calls and in a worker's pipe. A field that is added has a
/// default, so that older records stay readable.
/// </summary>
public static class JobCodec
{
    /// <summary>Writes a value.</summary>
    public static byte[] Encode<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, TypeInfo<T>());

    /// <summary>Reads a value.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static T Decode<T>(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, TypeInfo<T>()) ?? throw new JsonException($"null is no {typeof(T).Name}");

    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)(JobJson.Default.GetTypeInfo(typeof(T)) ?? throw new ArgumentException($"{typeof(T)} does not travel"));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobSpec))]
[JsonSerializable(typeof(TaskOrder))]
[JsonSerializable(typeof(TaskOutcome))]
[JsonSerializable(typeof(AttemptProgress))]
[JsonSerializable(typeof(TrackerReport))]
[JsonSerializable(typeof(TrackerOrders))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(List<JobView>))]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(List<AttemptLog>))]
internal sealed partial class JobJson : JsonSerializerContext;
