using System.Text;

namespace Quorleans.Linearizability.Tests;

/// <summary>Histories with transactions: small ones against the definition itself, larger ones of a correct store and with a fault.</summary>
public sealed class TransactionTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Verdict_IsThatOfFullEnumeration_OnWildHistories(int seed, bool unique)
    {
        Random random = new(seed);
        int good = 0;
        for (int i = 0; i < 15_000; i++) good += Compare(StoreHistories.Wild(random, unique)) ? 1 : 0;
        Assert.InRange(good, 1_000, 14_000);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void Verdict_IsThatOfFullEnumeration_OnHistoriesWithOneResultChanged(int seed, bool unique)
    {
        Random random = new(seed);
        int bad = 0;
        for (int i = 0; i < 8_000; i++)
        {
            List<Operation> history = StoreHistories.Correct(random, random.Next(3, 8), random.Next(1, 5), unique, unknown: 0.2, keys: 3);
            Assert.True(Compare(history), "a correct store's history");
            StoreHistories.Spoil(random, history);
            bad += Compare(history) ? 0 : 1;
        }

        Assert.InRange(bad, 500, 7_000);
    }

    [Fact]
    public void LongHistories_AreDecided_WithManyClientsAndUnknownOutcomes()
    {
        Random random = new(5);
        for (int i = 0; i < 3; i++)
        {
            List<Operation> history = StoreHistories.Correct(random, 20_000, clients: 12, unique: true, unknown: 0.01, keys: 4);
            KeyResult result = Assert.Single(HistoryChecker.Check(history));
            Assert.True(result.Verdict == Verdict.Linearizable, $"{result.Verdict} after {result.Configurations}");
            Assert.InRange(result.Configurations, 1, 400_000);
        }
    }

    [Fact]
    public void HalfATransaction_IsFound()
    {
        // Somebody sees the first put and not the second.
        Operation[] history =
        [
            Txn(1, 0, 10, [], [Put("x", "a;"), Put("y", "a2;")]),
            Txn(2, 20, 30, [], [Get("x", "a;"), Get("y", null)]),
        ];
        KeyResult result = Assert.Single(HistoryChecker.Check(history));
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Contains("keys \"x, y\" are not linearizable", result.Explanation, StringComparison.Ordinal);
        Assert.Contains("txn then get \"x\" = \"a;\" then get \"y\" = (none)", result.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void EachKeyAlone_WouldPass_AndTogetherTheyDoNot()
    {
        // Write skew: each saw the other's key as it was before.
        Operation[] history =
        [
            Txn(1, 0, 100, [new("x", null)], [Put("y", "a;")]),
            Txn(2, 0, 100, [new("y", null)], [Put("x", "b;")]),
        ];
        Assert.Equal(Verdict.NotLinearizable, Assert.Single(HistoryChecker.Check(history)).Verdict);
        history[1] = history[1] with { Ok = false };
        Assert.Equal(Verdict.Linearizable, Assert.Single(HistoryChecker.Check(history)).Verdict);
    }

    [Fact]
    public void KeysThatNoTransactionTies_AreCheckedAlone()
    {
        Operation[] history =
        [
            Txn(1, 0, 10, [], [Put("x", "a;"), Put("y", "b;")]),
            Txn(2, 0, 10, [], [Put("y2", "c;"), Put("y", "d;")]),
            new(3, OperationKind.Put, "z", "e;", null, null, true, 0, 10),
            new(4, OperationKind.Get, "x", "", null, "a;", true, 20, 30),
        ];
        IReadOnlyList<KeyHistory> keys = HistoryChecker.Split(history);
        Assert.Equal([("x, y, y2", false, 3), ("z", true, 1)], keys.Select(key => (key.Key, key.IsSingle, key.Operations.Count)));
    }

    [Fact]
    public void UnknownTransaction_MayHaveHappenedLater_OrNever_ButNotHalf()
    {
        Operation unknown = Txn(1, 0, 10, [], [Put("x", "a;"), Put("y", "b;")]) with { Ok = null };
        Assert.Equal(Verdict.Linearizable, Check(unknown, Txn(2, 50, 60, [], [Get("x", null), Get("y", null)]), Txn(3, 70, 80, [], [Get("x", "a;"), Get("y", "b;")])));
        Assert.Equal(Verdict.Linearizable, Check(unknown, Txn(2, 50, 60, [], [Get("x", null)])));
        Assert.Equal(Verdict.NotLinearizable, Check(unknown, Txn(2, 50, 60, [], [Get("x", "a;"), Get("y", null)])));
        Assert.Equal(
            Verdict.NotLinearizable, Check(unknown, Txn(2, 50, 60, [], [Get("x", "a;")]), Txn(3, 70, 80, [], [Get("y", null)])));
    }

    [Fact]
    public void History_OfTransactions_IsReadFromLines()
    {
        const string lines = """
            {"client":1,"op":"txn","key":"x","if":[{"key":"x","value":null},{"key":"y","value":"b;"}],"then":[{"op":"put","key":"x","value":"a;"},{"op":"get","key":"y","output":null}],"else":[{"op":"get","key":"x","output":"c;"},{"op":"delete","key":"y"}],"ok":false,"call":1,"return":2}
            """;
        Operation read = Assert.Single(HistoryReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(lines))));
        Assert.Equal((OperationKind.Txn, false), (read.Kind, read.Ok));
        Assert.Equal([new TransactionCompare("x", null), new TransactionCompare("y", "b;")], read.Transaction!.Compares);
        Assert.Equal([new TransactionStep(OperationKind.Put, "x", "a;", null), new TransactionStep(OperationKind.Get, "y", "", null)], read.Transaction.Then);
        Assert.Equal([new TransactionStep(OperationKind.Get, "x", "", "c;"), new TransactionStep(OperationKind.Delete, "y", "", null)], read.Transaction.Else);
    }

    [Theory]
    [InlineData("""{"client":1,"op":"txn","key":"x","ok":true,"call":1,"return":2}""", "neither")]
    [InlineData("""{"client":1,"op":"txn","key":"x","then":7,"ok":true,"call":1,"return":2}""", "no array")]
    [InlineData("""{"client":1,"op":"txn","key":"x","then":[7],"ok":true,"call":1,"return":2}""", "no object")]
    [InlineData("""{"client":1,"op":"txn","key":"x","then":[{"op":"cas","key":"x"}],"ok":true,"call":1,"return":2}""", "no operation \"cas\" in a txn")]
    [InlineData("""{"client":1,"op":"txn","key":"x","then":[{"op":"put","key":"x"}],"ok":true,"call":1,"return":2}""", "has no \"value\"")]
    [InlineData("""{"client":1,"op":"txn","key":"x","if":[{"value":"x"}],"ok":true,"call":1,"return":2}""", "has no \"key\"")]
    public void MalformedTransaction_IsRefused(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<HistoryFormatException>(() => HistoryReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(line)))).Message, StringComparison.Ordinal);

    private static Verdict Check(params Operation[] history) => Assert.Single(HistoryChecker.Check(history)).Verdict;

    private static Operation Txn(int client, long call, long end, TransactionCompare[] compares, TransactionStep[] then, TransactionStep[]? otherwise = null)
    {
        Transaction transaction = new(compares, then, otherwise ?? []);
        return new Operation(client, OperationKind.Txn, transaction.Keys.First(), "", null, null, true, call, end) { Transaction = transaction };
    }

    private static TransactionStep Put(string key, string value) => new(OperationKind.Put, key, value, null);

    private static TransactionStep Get(string key, string? output) => new(OperationKind.Get, key, "", output);

    private static bool Compare(List<Operation> history)
    {
        bool expected = StoreHistories.IsLinearizable(history);
        StoreSearch search = new(StoreProblem.Of(history), 1_000_000);
        Verdict verdict = search.Run();
        Assert.True(verdict == (expected ? Verdict.Linearizable : Verdict.NotLinearizable), $"{verdict}\n{string.Join('\n', history.Select(StoreHistories.Describe))}");
        return expected;
    }
}
