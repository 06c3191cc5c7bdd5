using System.Globalization;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client;

/// <summary>How a transaction's result is printed.</summary>
internal static class TransactionOutput
{
    /// <summary>
    /// Which branch ran, and a line for each operation; or <c>{"succeeded","branch","results":[{"op","key",…}]}</c>.
    /// </summary>
    public static void WriteTransaction(this ClientOutput output, TxnResult result, bool json)
    {
        if (json)
        {
            output.WriteJson(line =>
            {
                line.WriteBoolean("succeeded", result.Succeeded);
                line.WriteString("branch", result.Succeeded ? "then" : "else");
                line.WriteStartArray("results");
                foreach (TxnStepResult step in result.Steps) WriteStep(line, step);
                line.WriteEndArray();
            });
            return;
        }

        output.Out.WriteLine(result.Succeeded ? "then" : "else (a comparison did not hold)");
        foreach (TxnStepResult step in result.Steps)
            output.Out.WriteLine($"  {NameOf(step.Kind)} {TextEscaper.Escape(step.Key.Span)}: {Describe(step)}");
    }

    private static string Describe(TxnStepResult step) => step.Kind switch
    {
        OperationKind.Delete => step.Found ? "removed" : "no such key",
        OperationKind.Get when !step.Found => "no such key",
        OperationKind.Get => string.Create(CultureInfo.InvariantCulture, $"\"{TextEscaper.Escape(step.Value.Span)}\", version {step.Version}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"ok, version {step.Version}"),
    };

    private static void WriteStep(Utf8JsonWriter line, TxnStepResult step)
    {
        line.WriteStartObject();
        line.WriteString("op", NameOf(step.Kind));
        line.WriteBytes("key", step.Key.Span);
        if (step.Kind is OperationKind.Get or OperationKind.Delete) line.WriteBoolean("found", step.Found);
        if (step.Kind == OperationKind.Get && step.Found) line.WriteBytes("value", step.Value.Span);
        else if (step.Kind == OperationKind.Get) line.WriteNull("value");
        if (step.Kind != OperationKind.Delete) line.WriteNumber("version", step.Version);
        line.WriteEndObject();
    }

    private static string NameOf(OperationKind kind) => kind switch
    {
        OperationKind.Put => "put", OperationKind.Append => "append", OperationKind.Delete => "del", _ => "get",
    };
}
