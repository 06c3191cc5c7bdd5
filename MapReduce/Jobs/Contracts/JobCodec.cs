using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// The one form of what leaves a process: JSON, in the store's journal, in grain calls and in a worker's pipe. A field that is added has a
/// default, so that older records stay readable. What is long is compressed: the places of 10,000 map outputs are megabytes that differ in few bytes.
/// </summary>
public static class JobCodec
{
    private const byte Compressed = 1;
    private const int CompressedHeader = 1 + sizeof(int);
    private const int Quality = 1;
    private const int Window = 22;

    /// <summary>From how many bytes on it is compressed.</summary>
    internal const int LongBytes = 32 << 10;

    /// <summary>The longest text that is read, in bytes.</summary>
    internal const int MaxBytes = 256 << 20;

    /// <summary>Writes a value.</summary>
    public static byte[] Encode<T>(T value)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, TypeInfo<T>());
        if (json.Length < LongBytes) return json;
        byte[] buffer = new byte[CompressedHeader + BrotliEncoder.GetMaxCompressedLength(json.Length)];
        if (!BrotliEncoder.TryCompress(json, buffer.AsSpan(CompressedHeader), out int written, Quality, Window)) return json;
        buffer[0] = Compressed;
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(1), json.Length);
        return buffer[..(CompressedHeader + written)];
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static T Decode<T>(ReadOnlySpan<byte> encoded)
    {
        ReadOnlySpan<byte> json = encoded.Length > 0 && encoded[0] == Compressed ? Decompress(encoded) : encoded;
        return JsonSerializer.Deserialize(json, TypeInfo<T>()) ?? throw new JsonException($"null is no {typeof(T).Name}");
    }

    private static byte[] Decompress(ReadOnlySpan<byte> encoded)
    {
        int length = encoded.Length < CompressedHeader ? -1 : BinaryPrimitives.ReadInt32LittleEndian(encoded[1..]);
        if (length is < 0 or > MaxBytes) throw new JsonException($"a compressed text says that it has {length} bytes");
        byte[] json = new byte[length];
        if (!BrotliDecoder.TryDecompress(encoded[CompressedHeader..], json, out int written) || written != length) throw new JsonException("a compressed text is damaged");
        return json;
    }

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
[JsonSerializable(typeof(List<AttemptTranscript>))]
[JsonSerializable(typeof(JobEvent))]
[JsonSerializable(typeof(List<JobEvent>))]
[JsonSerializable(typeof(JobOwner))]
[JsonSerializable(typeof(JobIndexEntry))]
internal sealed partial class JobJson : JsonSerializerContext;
