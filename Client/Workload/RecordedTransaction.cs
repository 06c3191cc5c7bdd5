using System.Text;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Workload;

/// <summary>
/// A transaction as a history has it: it compares values, since versions do not show there. Values are written once, so a version is there exactly as long as the
/// value is that had it (and none, version 0, is the one that may come again).
/// </summary>
/// <param name="Compares">The keys that it compares, and the values that they had; null: none.</param>
/// <param name="Then">What runs if all have them still.</param>
/// <param name="Else">What runs otherwise.</param>
/// <param name="Result">What was done; null as long as that is not known.</param>
internal sealed record RecordedTransaction(
    IReadOnlyList<(string Key, string? Value)> Compares, TransactionStep[] Then, TransactionStep[] Else, TxnResult? Result = null)
{
    /// <summary>Writes the members <c>if</c>, <c>then</c> and <c>else</c>: arrays of objects with op, key, value and (of what ran) output.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("if"u8);
        foreach ((string key, string? value) in Compares)
        {
            writer.WriteStartObject();
            writer.WriteString("key"u8, key);
            writer.WriteString("value"u8, value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WritePropertyName("then"u8);
        WriteTo(writer, Then, Result is { Succeeded: true } ? Result : null);
        writer.WritePropertyName("else"u8);
        WriteTo(writer, Else, Result is { Succeeded: false } ? Result : null);
    }

    private static void WriteTo(Utf8JsonWriter writer, TransactionStep[] steps, TxnResult? result)
    {
        writer.WriteStartArray();
        for (int i = 0; i < steps.Length; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("op"u8, steps[i].Kind switch
            {
                KeyValue.OperationKind.Put => "put", KeyValue.OperationKind.Append => "append", KeyValue.OperationKind.Delete => "delete", _ => "get",
            });
            writer.WriteString("key"u8, Encoding.UTF8.GetString(steps[i].Key.Span));
            writer.WriteString("value"u8, Encoding.UTF8.GetString(steps[i].Value.Span));
            writer.WriteString("output"u8, result?.Steps[i].Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
