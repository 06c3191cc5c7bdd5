using System.Text.Json;
using System.Text.Json.Serialization;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>An attempt for a worker.</summary>
/// <param name="Order">What to do.</param>
/// <param name="Environment">Where, with what, within which bounds.</param>
/// <param name="EndOfOutput">A line that the worker writes to standard error behind all that the attempt wrote there.</param>
internal sealed record WorkerOrder(TaskOrder Order, AttemptEnvironment Environment, string EndOfOutput)
{
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, WorkerJson.Default.WorkerOrder);

    public static WorkerOrder Decode(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, WorkerJson.Default.WorkerOrder) ?? throw new JsonException("no order");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WorkerOrder))]
[JsonSerializable(typeof(TaskProgress.State))]
internal sealed partial class WorkerJson : JsonSerializerContext;
