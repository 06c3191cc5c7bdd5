using System.Text;
using System.Text.Json;

namespace Quorleans.Linearizability;

/// <summary>
/// Reads a history: one JSON object a line, as <c>workload</c> writes it, with the members client, op, key, value, expected, output, ok,
/// call and return, and for transactions if, then and else (arrays of objects with op, key, value and output). Other members are passed over. The file is never held as a whole.
/// </summary>
public static class HistoryReader
{
    /// <summary>The longest line that is read, in bytes.</summary>
    public const int LineBytesMax = 16 * 1024 * 1024;

    private static readonly string[] Required = ["client", "op", "key", "ok", "call", "return"];

    /// <summary>Reads all operations, in the order of the lines.</summary>
    /// <exception cref="HistoryFormatException">A line is malformed, or the operations of a client overlap.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static IReadOnlyList<Operation> Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        List<Operation> history = [];
        byte[] buffer = new byte[64 * 1024];
        int start = 0, end = 0, line = 0;
        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                Add(history, buffer.AsSpan(start, length), ++line);
                start += length + 1;
                continue;
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
            if (end == LineBytesMax) throw new HistoryFormatException(line + 1, $"longer than {LineBytesMax} bytes");
            if (end == buffer.Length) Array.Resize(ref buffer, Math.Min(2 * buffer.Length, LineBytesMax));
            int read = stream.Read(buffer, end, buffer.Length - end);
            if (read == 0) break;
            end += read;
        }

        if (end > 0) Add(history, buffer.AsSpan(0, end), line + 1);
        ReportOutputs(history);
        ClientRules.Check(history);
        return history;
    }

    // Whether a failed cas that names nothing found nothing, or does not tell: a recorder that tells once, always tells.
    private static void ReportOutputs(List<Operation> history)
    {
        foreach (Operation operation in history)
        {
            if (operation is { Kind: OperationKind.Cas, Ok: false, Output: not null }) return;
        }

        for (int i = 0; i < history.Count; i++)
        {
            if (history[i] is { Kind: OperationKind.Cas, Ok: false }) history[i] = history[i] with { OutputReported = false };
        }
    }

    private static void Add(List<Operation> history, ReadOnlySpan<byte> text, int line)
    {
        if (text.TrimEnd((byte)'\r').IsEmpty) throw new HistoryFormatException(line, "empty");
        try
        {
            history.Add(Parse(text, line));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new HistoryFormatException(line, $"not an operation in JSON: {e.Message}", e);
        }
    }

    private static Operation Parse(ReadOnlySpan<byte> text, int line)
    {
        Utf8JsonReader json = new(text);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) throw new HistoryFormatException(line, "not a JSON object");
        int client = 0, seen = 0;
        string op = "", key = "";
        string? value = null, expected = null, output = null;
        bool? ok = null;
        List<TransactionCompare> compares = [];
        List<TransactionStep> then = [], otherwise = [];
        long call = 0, end = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            seen |= 1 << (Array.IndexOf(Required, name) + 1);
            switch (name)
            {
                case "client": client = json.GetInt32(); break;
                case "op": op = json.GetString() ?? ""; break;
                case "key": key = json.GetString() ?? throw new HistoryFormatException(line, "\"key\" is null"); break;
                case "value": value = json.GetString(); break;
                case "expected": expected = json.GetString(); break;
                case "output": output = json.GetString(); break;
                case "ok": ok = json.TokenType == JsonTokenType.Null ? null : json.GetBoolean(); break;
                case "if": TransactionJson.ReadCompares(ref json, line, compares); break;
                case "then": TransactionJson.ReadSteps(ref json, line, then); break;
                case "else": TransactionJson.ReadSteps(ref json, line, otherwise); break;
                case "call": call = json.GetInt64(); break;
                case "return": end = json.GetInt64(); break;
                default: json.Skip(); break;
            }
        }

        // Nothing may follow the object: the reader throws then.
        json.Read();
        for (int i = 0; i < Required.Length; i++)
        {
            if ((seen & (2 << i)) == 0) throw new HistoryFormatException(line, $"\"{Required[i]}\" is missing");
        }

        OperationKind kind = KindOf(op) ?? throw new HistoryFormatException(line, $"there is no operation \"{op}\"; there are get, put, append, cas, delete, txn");
        if (value is null && kind is not (OperationKind.Get or OperationKind.Delete or OperationKind.Txn))
            throw new HistoryFormatException(line, $"a {op} has no \"value\"");
        if (end < call) throw new HistoryFormatException(line, $"it returns at {end}, before its call at {call}");
        if (kind == OperationKind.Txn)
        {
            if (compares.Count + then.Count + otherwise.Count == 0) throw new HistoryFormatException(line, "a txn has neither \"if\" nor \"then\" nor \"else\"");
            return new Operation(client, kind, key, "", null, null, ok, call, end) { Line = line, Transaction = new Transaction(compares, then, otherwise) };
        }

        return new Operation(client, kind, key, value ?? "", expected, output, ok, call, end) { Line = line };
    }

    internal static OperationKind? KindOf(string op) => op switch
    {
        "get" => OperationKind.Get,
        "put" => OperationKind.Put,
        "append" => OperationKind.Append,
        "cas" => OperationKind.Cas,
        "delete" => OperationKind.Delete,
        "txn" => OperationKind.Txn,
        _ => null,
    };
}
