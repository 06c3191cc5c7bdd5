using System.Text.Json;

namespace Quorleans.Client.Workload;

/// <summary>One operation of a history, as it ended.</summary>
/// <param name="Client">Who did it. A client does one thing after another; after an unknown outcome the caller is a new client.</param>
/// <param name="Kind">What.</param>
/// <param name="Key">On which key.</param>
/// <param name="Value">What was written; empty for a get and a delete.</param>
/// <param name="Expected">A cas' expected value; null: that there is none.</param>
/// <param name="Output">What a get read, or what a cas that did not match found; null: no value.</param>
/// <param name="Ok">Whether it happened (a cas: whether it matched; a transaction: whether its comparisons held); null: unknown.</param>
/// <param name="CallNs">When it was called, on a monotonic clock.</param>
/// <param name="ReturnNs">When it ended.</param>
internal readonly record struct OperationRecord(
    int Client, OperationKind Kind, string Key, string Value, string? Expected, string? Output, bool? Ok, long CallNs, long ReturnNs)
{
    /// <summary>The transaction; null unless it is one.</summary>
    public RecordedTransaction? Transaction { get; init; }

    /// <summary>Writes the object that a line of a history is. Its members and their order are a contract with checkers.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("client"u8, Client);
        writer.WriteString("op"u8, OperationMix.NameOf(Kind));
        writer.WriteString("key"u8, Key);
        writer.WriteString("value"u8, Value);
        writer.WriteString("expected"u8, Expected);
        writer.WriteString("output"u8, Output);
        Transaction?.WriteTo(writer);
        if (Ok is { } ok) writer.WriteBoolean("ok"u8, ok);
        else writer.WriteNull("ok"u8);
        writer.WriteNumber("call"u8, CallNs);
        writer.WriteNumber("return"u8, ReturnNs);
        writer.WriteEndObject();
    }
}
