using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

/// <summary>Transactions spoken to in strings.</summary>
internal static class Transactions
{
    public static TransactionCompare Version(string key, CompareOperator @operator, long version) =>
        new(UTF8.GetBytes(key), CompareTarget.Version, @operator, version, default);

    public static TransactionCompare Exists(string key) => Version(key, CompareOperator.NotEqual, 0);

    public static TransactionCompare Missing(string key) => Version(key, CompareOperator.Equal, 0);

    public static TransactionCompare Value(string key, CompareOperator @operator, string value) =>
        new(UTF8.GetBytes(key), CompareTarget.Value, @operator, 0, UTF8.GetBytes(value));

    public static TransactionStep Put(string key, string value) => new(OperationKind.Put, UTF8.GetBytes(key), UTF8.GetBytes(value));

    public static TransactionStep Append(string key, string value) => new(OperationKind.Append, UTF8.GetBytes(key), UTF8.GetBytes(value));

    public static TransactionStep Delete(string key) => new(OperationKind.Delete, UTF8.GetBytes(key), default);

    public static TransactionStep Get(string key) => new(OperationKind.Get, UTF8.GetBytes(key), default);

    public static WriteOperation Write(long sequence, byte[] body, long floor = 0, long deadline = 0) => new()
    {
        Kind = OperationKind.Transaction, Sequence = sequence, Floor = floor, DeadlineMs = deadline,
        Key = TransactionCodec.FirstKey(body).ToArray(), Value = body,
    };

    public static WriteOperation Write(
        long sequence, TransactionCompare[] compares, TransactionStep[] then, TransactionStep[]? otherwise = null, long floor = 0, long deadline = 0) =>
        Write(sequence, TransactionCodec.Encode(compares, then, otherwise ?? []), floor, deadline);

    public static ReadOperation Read(TransactionCompare[] compares, TransactionStep[] then, TransactionStep[]? otherwise = null)
    {
        byte[] body = TransactionCodec.Encode(compares, then, otherwise ?? []);
        return ReadOperation.Transaction(TransactionCodec.FirstKey(body).ToArray(), body);
    }

    /// <summary>A result as a line: <c>Ok: Ok@3 NotFound Ok@1=value</c>.</summary>
    public static string Render(OperationResult result)
    {
        string line = result.Version == 0 ? $"{result.Status}" : $"{result.Status}@{result.Version}";
        if (result.Value.IsEmpty) return line;
        return line + ":" + string.Concat(TestStore.Read(result.Value).Select(step => " " + RenderStep(step)));
    }

    public static string RenderStep(OperationStatus status, long version, string? value) =>
        (version == 0 ? $"{status}" : $"{status}@{version}") + (string.IsNullOrEmpty(value) ? "" : "=" + value);

    private static string RenderStep(OperationResult step) => RenderStep(step.Status, step.Version, UTF8.GetString(step.Value.Span));
}
