using System.Globalization;
using System.Text;

namespace Quorleans.Linearizability;

/// <summary>
/// Finds the first result that nothing explains. What a history shows up to some moment is linearizable whenever the whole is, so the
/// shortest part that is not is found by halving; the operation whose return ends it is the one to look at.
/// </summary>
internal static class Explainer
{
    private const int ShownMax = 24;
    private const int ValueMax = 80;

    public static string Explain(KeyHistory key, long budget)
    {
        List<Operation> returns = [];
        foreach (Operation operation in key.Operations)
        {
            if (operation.Ok is not null && !operation.SaysNothing) returns.Add(operation);
        }

        Operation[] sorted = [.. returns];
        Array.Sort(sorted, static (a, b) => a.Return != b.Return ? a.Return.CompareTo(b.Return) : a.Call.CompareTo(b.Call));
        int good = 0, bad = sorted.Length;
        while (bad - good > 1)
        {
            int middle = (good + bad) / 2;
            Verdict verdict = HistoryChecker.Search(Prefix(key.Operations, sorted, middle), budget, out _);
            if (verdict == Verdict.GaveUp) break;
            if (verdict == Verdict.Linearizable) good = middle;
            else bad = middle;
        }

        return Render(key, sorted[bad - 1], exact: bad - good == 1);
    }

    // What was called and had returned when the given number of operations had; the others' outcomes are unknown then.
    private static List<Operation> Prefix(IReadOnlyList<Operation> operations, Operation[] sorted, int returned)
    {
        HashSet<Operation> known = new(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < returned; i++) known.Add(sorted[i]);
        long now = sorted[returned - 1].Return;
        List<Operation> prefix = [];
        foreach (Operation operation in operations)
        {
            if (known.Contains(operation) || (operation.Ok is null && operation.Call <= now)) prefix.Add(operation);
            else if (operation.Call <= now && !operation.IsRead && !operation.SaysNothing) prefix.Add(operation with { Ok = null });
        }

        return prefix;
    }

    private static string Render(KeyHistory key, Operation culprit, bool exact)
    {
        List<Operation> around = [];
        foreach (Operation operation in key.Operations)
        {
            if (operation.Call <= culprit.Return && operation != culprit) around.Add(operation);
        }

        // Pending ones first, then what returned last before it.
        around.Sort((a, b) => End(b) != End(a) ? End(b).CompareTo(End(a)) : b.Call.CompareTo(a.Call));
        int hidden = Math.Max(0, around.Count - ShownMax);
        around.RemoveRange(around.Count - hidden, hidden);
        around.Add(culprit);
        around.Sort(static (a, b) => a.Call != b.Call ? a.Call.CompareTo(b.Call) : a.Line.CompareTo(b.Line));

        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{(key.IsSingle ? "key" : "keys")} {Quote(key.Key)} {(key.IsSingle ? "is" : "are")} not linearizable. ");
        text.Append(exact ? "The first result that no order explains:\n" : "A result up to which no order explains everything (an earlier one was not found within the budget):\n");
        text.Append("  ").Append(Describe(culprit, key.IsSingle)).Append("\nThe operations before it and beside it, by call; times in microseconds before (-) or after (+) its call:\n");
        if (hidden > 0) text.Append(CultureInfo.InvariantCulture, $"    ({hidden} earlier ones not shown)\n");
        foreach (Operation operation in around)
        {
            string end = operation.Ok is null ? "?" : Time(operation.Return - culprit.Call);
            text.Append(ReferenceEquals(operation, culprit) ? "  > " : "    ")
                .Append(CultureInfo.InvariantCulture, $"[{Time(operation.Call - culprit.Call)} .. {end}] {Describe(operation, key.IsSingle)}\n");
        }

        return text.ToString();
    }

    private static long End(Operation operation) => operation.Ok is null ? long.MaxValue : operation.Return;

    private static string Time(long nanoseconds) => (nanoseconds / 1e3).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    private static string Describe(Operation o, bool isSingle)
    {
        string what = o.Kind switch
        {
            OperationKind.Get => "get",
            OperationKind.Put => $"put {Quote(o.Value)}",
            OperationKind.Append => $"append {Quote(o.Value)}",
            OperationKind.Delete => "delete",
            OperationKind.Txn => DescribeTransaction(o.Transaction!, o.Ok),
            _ => $"cas {Quote(o.Expected)} to {Quote(o.Value)}",
        };
        string result = o switch
        {
            { Ok: null } => "outcome unknown",
            { Kind: OperationKind.Get } => Quote(o.Output),
            { Kind: OperationKind.Cas, Ok: false, OutputReported: true } => $"did not match, found {Quote(o.Output)}",
            { Kind: OperationKind.Txn } => o.Ok == true ? "then" : "else",
            { Ok: false } => o.Kind == OperationKind.Cas ? "did not match" : "did not happen",
            _ => "ok",
        };
        if (o.Kind != OperationKind.Txn && !isSingle) what = $"{what} on {Quote(o.Key)}";
        string line = o.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"line {o.Line}, ") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{line}client {o.Client}: {what} -> {result}");
    }

    private static string DescribeTransaction(Transaction transaction, bool? ok)
    {
        StringBuilder text = new("txn");
        foreach (TransactionCompare compare in transaction.Compares) text.Append(CultureInfo.InvariantCulture, $" if {Quote(compare.Key)} is {Quote(compare.Value)}");
        if (ok != false) DescribeSteps(text, "then", transaction.Then, ok is not null);
        if (ok != true) DescribeSteps(text, "else", transaction.Else, ok is not null);
        return text.ToString();
    }

    private static void DescribeSteps(StringBuilder text, string branch, IReadOnlyList<TransactionStep> steps, bool ran)
    {
        foreach (TransactionStep step in steps)
        {
            text.Append(CultureInfo.InvariantCulture, $" {branch} {(step.Kind switch { OperationKind.Get => "get", OperationKind.Put => "put", OperationKind.Append => "append", _ => "delete" })} {Quote(step.Key)}");
            if (step.Kind is OperationKind.Put or OperationKind.Append) text.Append(' ').Append(Quote(step.Value));
            else if (step.Kind == OperationKind.Get && ran) text.Append(" = ").Append(Quote(step.Output));
        }
    }

    // The newest part of a long value is its end. Control characters must not command a terminal.
    private static string Quote(string? value)
    {
        if (value is null) return "(none)";
        StringBuilder text = new("\"");
        int start = Math.Max(0, value.Length - ValueMax);
        if (start > 0) text.Append(CultureInfo.InvariantCulture, $"({start} characters)...");
        for (int i = start; i < value.Length; i++)
        {
            char c = value[i];
            if (c is >= ' ' and < '\x7f' or > '\xa0' and < '\u2000') text.Append(c);
            else text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return text.Append('"').ToString();
    }
}
