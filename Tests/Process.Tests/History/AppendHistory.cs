using System.Text.Json;

namespace Quorleans.Processes.Tests.History;

/// <summary>An append, or a read of a key that only appends change.</summary>
/// <param name="Client">Who did it.</param>
/// <param name="IsRead">Whether it is a read.</param>
/// <param name="Key">On which key.</param>
/// <param name="Value">What was appended, or what was read.</param>
/// <param name="Acknowledged">Whether it surely happened; otherwise that is unknown.</param>
/// <param name="Call">When it was called.</param>
/// <param name="Return">When it ended, on the same clock.</param>
internal sealed record AppendOperation(int Client, bool IsRead, string Key, string Value, bool Acknowledged, long Call, long Return);

/// <summary>Reads the history that the client's <c>workload</c> writes.</summary>
internal static class AppendHistory
{
    public static IEnumerable<AppendOperation> Read(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement record = document.RootElement;
            string kind = record.GetProperty("op").GetString()!;
            bool acknowledged = record.GetProperty("ok").ValueKind == JsonValueKind.True;
            if (kind is not ("append" or "get")) throw new InvalidDataException($"The workload was to append and to read only: {line}");

            // A read that failed has seen nothing.
            if (kind == "get" && !acknowledged) continue;
            yield return new AppendOperation(
                record.GetProperty("client").GetInt32(),
                kind == "get",
                record.GetProperty("key").GetString()!,
                record.GetProperty(kind == "get" ? "output" : "value").GetString() ?? "",
                acknowledged,
                record.GetProperty("call").GetInt64(),
                record.GetProperty("return").GetInt64());
        }
    }
}
