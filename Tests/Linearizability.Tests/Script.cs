namespace Quorleans.Linearizability.Tests;

/// <summary>Histories as text: <c>client call-return operation arguments [-> result]</c>, separated by <c>|</c>; "-" is no value.</summary>
internal static class Script
{
    public static List<Operation> Parse(string script) => [.. script.Split('|', StringSplitOptions.TrimEntries).Select(Line)];

    public static Verdict Check(string script) => Assert.Single(HistoryChecker.Check(Parse(script))).Verdict;

    // A cas: "cas a; b; ok", "cas a; b; fail c;" (found c;) or "cas a; b; ?". A write: "put a;", "put a; ?" or "put a; no".
    private static Operation Line(string text)
    {
        string[] words = text.Split(' ');
        string[] times = words[1].Split('-');
        OperationKind kind = Enum.Parse<OperationKind>(words[2], ignoreCase: true);
        bool? ok = words[^1] switch
        {
            "?" => null,
            "no" => false,
            _ => !words.Contains("fail"),
        };
        Operation operation = new(int.Parse(words[0], null), kind, "k", "", null, null, ok, long.Parse(times[0], null), long.Parse(times[1], null));
        return kind switch
        {
            OperationKind.Get => operation with { Output = Value(words[3]) },
            OperationKind.Cas => operation with { Expected = Value(words[3]), Value = words[4], Output = ok == false ? Value(words[^1]) : null },
            OperationKind.Delete => operation,
            _ => operation with { Value = words[3] },
        };
    }

    private static string? Value(string word) => word is "-" or "?" ? null : word;
}
