using System.Text.Json;

namespace Quorleans.Linearizability;

/// <summary>Reads the parts of a transaction in a history's line.</summary>
internal static class TransactionJson
{
    /// <summary>Reads <c>[{"key","value"}…]</c>; the reader stands on it.</summary>
    public static void ReadCompares(ref Utf8JsonReader json, int line, List<TransactionCompare> compares)
    {
        Begin(ref json, line, "if");
        while (Next(ref json))
        {
            (_, string key, string? value, _) = ReadObject(ref json, line);
            compares.Add(new TransactionCompare(key, value));
        }
    }

    /// <summary>Reads <c>[{"op","key","value","output"}…]</c>; the reader stands on it.</summary>
    public static void ReadSteps(ref Utf8JsonReader json, int line, List<TransactionStep> steps)
    {
        Begin(ref json, line, "then\" or \"else");
        while (Next(ref json))
        {
            (string op, string key, string? value, string? output) = ReadObject(ref json, line);
            if (HistoryReader.KindOf(op) is not (OperationKind.Get or OperationKind.Put or OperationKind.Append or OperationKind.Delete) || HistoryReader.KindOf(op) is not { } kind)
                throw new HistoryFormatException(line, $"there is no operation \"{op}\" in a txn; there are get, put, append, delete");
            if (value is null && kind is OperationKind.Put or OperationKind.Append) throw new HistoryFormatException(line, $"a {op} in a txn has no \"value\"");
            steps.Add(new TransactionStep(kind, key, value ?? "", output));
        }
    }

    private static void Begin(ref Utf8JsonReader json, int line, string name)
    {
        if (json.TokenType != JsonTokenType.StartArray) throw new HistoryFormatException(line, $"\"{name}\" is no array");
    }

    private static bool Next(ref Utf8JsonReader json) => json.Read() && json.TokenType != JsonTokenType.EndArray;

    private static (string Op, string Key, string? Value, string? Output) ReadObject(ref Utf8JsonReader json, int line)
    {
        if (json.TokenType != JsonTokenType.StartObject) throw new HistoryFormatException(line, "a part of a txn is no object");
        string op = "";
        string? key = null, value = null, output = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            switch (name)
            {
                case "op": op = json.GetString() ?? ""; break;
                case "key": key = json.GetString(); break;
                case "value": value = json.GetString(); break;
                case "output": output = json.GetString(); break;
                default: json.Skip(); break;
            }
        }

        return (op, key ?? throw new HistoryFormatException(line, "a part of a txn has no \"key\""), value, output);
    }
}
