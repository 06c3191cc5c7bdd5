namespace Quorleans.Linearizability.Tests;

public sealed class VerdictTests
{
    [Theory]
    [InlineData("stale read", "1 0-1 put a; | 1 2-3 put b; | 2 4-5 get a;")]
    [InlineData("reads go back", "1 0-1 put a; | 1 2-9 put b; | 2 3-4 get b; | 2 5-6 get a;")]
    [InlineData("lost put", "1 0-1 put a; | 2 2-3 get -")]
    [InlineData("lost append", "1 0-1 put a; | 2 2-3 append b; | 3 2-3 append c; | 1 4-5 get a;c;")]
    [InlineData("doubled append", "1 0-1 append a; | 1 2-3 get a;a;")]
    [InlineData("append applied again later", "1 0-1 append a; ? | 2 2-3 get a; | 2 4-5 put b; | 2 6-7 get b;a;")]
    [InlineData("update lost by a cas", "1 0-1 put a; | 1 2-3 cas a; b; ok | 2 2-3 cas a; c; ok")]
    [InlineData("never written", "1 0-1 put a; | 2 2-3 get x;")]
    [InlineData("from the future", "2 0-1 get a; | 1 2-3 put a;")]
    [InlineData("append from the future", "1 0-1 put a; | 2 2-3 get a;b; | 1 4-5 append b;")]
    [InlineData("resurrected delete", "1 0-1 put a; | 1 2-3 delete | 2 4-5 get a;")]
    [InlineData("delete comes back after a read", "1 0-1 put a; | 1 2-9 delete | 2 3-4 get - | 2 5-6 get a;")]
    [InlineData("missing without a delete", "1 0-1 put a; | 2 0-9 put b; | 2 10-11 get -")]
    [InlineData("appends of one client reordered", "1 0-1 append a; | 1 2-3 append b; | 2 4-5 get b;a;")]
    [InlineData("two readers see two orders", "1 0-9 append a; | 2 0-9 append b; | 3 10-11 get a;b; | 3 12-13 get b;a;")]
    [InlineData("failed cas took effect", "1 0-1 put a; | 1 2-3 cas x; b; fail a; | 2 4-5 get b;")]
    [InlineData("cas failed though it matched", "1 0-1 put a; | 1 2-3 cas a; b; fail a;")]
    [InlineData("failed cas found what was not there", "1 0-1 put a; | 1 2-3 put b; | 1 4-5 cas x; c; fail a;")]
    [InlineData("failed cas missed the value", "1 0-1 put a; | 1 2-3 cas x; c; fail -")]
    [InlineData("cas with a wrong expectation", "1 0-1 put a; | 1 2-3 cas x; b; ok")]
    [InlineData("cas created what existed", "1 0-1 put a; | 1 2-3 cas - b; ok")]
    [InlineData("two cas created", "1 0-5 cas - a; ok | 2 0-5 cas - b; ok")]
    [InlineData("definite failure seen", "1 0-1 put a; | 1 2-3 put b; no | 2 4-5 get b;")]
    [InlineData("unknown write comes and goes", "1 0-1 put a; | 2 0-1 put b; ? | 3 2-3 get b; | 3 4-5 get a;")]
    [InlineData("unknown cas with a wrong expectation seen", "1 0-1 put a; | 2 2-3 cas x; b; ? | 3 4-5 get b;")]
    [InlineData("unknown delete happened twice", "1 0-1 put a; | 2 0-1 delete ? | 3 2-3 get - | 3 4-5 put b; | 3 6-7 get -")]
    [InlineData("not unique: old value", "1 0-1 put a | 1 2-3 put b | 2 4-5 get a")]
    [InlineData("not unique: append once seen twice", "1 0-1 append a | 2 2-3 get aa")]
    public void NotLinearizable(string what, string history)
    {
        Assert.Equal(Verdict.NotLinearizable, Script.Check(history));
        Assert.False(BruteForce.IsLinearizable(Script.Parse(history)), what);
    }

    [Theory]
    [InlineData("nothing", "1 0-1 get -")]
    [InlineData("concurrent put seen", "1 0-9 put a; | 2 1-2 get a;")]
    [InlineData("concurrent put not yet seen", "1 0-9 put a; | 2 1-2 get - | 2 3-4 get a;")]
    [InlineData("equal times are concurrent", "1 0-5 put a; | 2 5-6 get -")]
    [InlineData("appends in either order", "1 0-9 append a; | 2 0-9 append b; | 3 10-11 get b;a;")]
    [InlineData("append after a delete", "1 0-1 put a; | 1 2-3 delete | 1 4-5 append b; | 2 6-7 get b;")]
    [InlineData("unknown put seen late", "1 0-1 put a; ? | 2 2-3 get - | 2 9-10 get a;")]
    [InlineData("unknown put never seen", "1 0-1 put a; ? | 2 2-3 get -")]
    [InlineData("unknown append seen inside", "1 0-1 append a; ? | 2 0-1 append b; | 3 2-3 get a;b;")]
    [InlineData("unknown delete explains", "1 0-1 put a; | 2 0-1 delete ? | 3 2-3 get a; | 3 4-5 get -")]
    [InlineData("unknown cas happened", "1 0-1 put a; | 2 2-3 cas a; b; ? | 3 4-5 get b;")]
    [InlineData("unknown cas did not", "1 0-1 put a; | 2 2-3 cas a; b; ? | 3 4-5 get a;")]
    [InlineData("unknown read tells nothing", "1 0-1 put a; | 2 2-3 get x; ?")]
    [InlineData("cas chain", "1 0-1 cas - a; ok | 1 2-3 cas a; b; ok | 2 2-3 cas a; c; fail b;")]
    [InlineData("failed cas while a put runs", "1 0-9 put a; | 2 1-2 cas x; b; fail - | 2 3-4 cas x; c; fail a;")]
    [InlineData("definite failure", "1 0-1 put a; | 1 2-3 put b; no | 2 4-5 get a;")]
    [InlineData("not unique: same value twice", "1 0-1 put a | 1 2-3 put b | 1 4-5 put a | 2 6-7 get a")]
    [InlineData("write nobody saw around a long-lived value", "1 0-20 put a; | 2 1-2 put b; | 3 3-4 get b; | 3 30-31 get b;")]
    public void Linearizable(string what, string history)
    {
        Assert.Equal(Verdict.Linearizable, Script.Check(history));
        Assert.True(BruteForce.IsLinearizable(Script.Parse(history)), what);
    }

    [Fact]
    public void Keys_AreCheckedEachForItself()
    {
        List<Operation> history = Script.Parse("1 0-1 put a; | 2 2-3 get a;");
        history[1] = history[1] with { Key = "other" };
        Assert.Equal([Verdict.Linearizable, Verdict.NotLinearizable], HistoryChecker.Check(history).Select(result => result.Verdict));
    }

    [Fact]
    public void Budget_ThatRunsOut_IsNeverAPass()
    {
        string puts = string.Join(" | ", Enumerable.Range(0, 10).Select(i => $"{i} 0-10 put v{i}"));
        Assert.Equal(Verdict.GaveUp, HistoryChecker.Check(Script.Parse(puts + " | 20 11-12 get v3"), 3)[0].Verdict);
        Assert.Equal(Verdict.Linearizable, HistoryChecker.Check(Script.Parse(puts + " | 20 11-12 get v3"))[0].Verdict);
    }

    [Fact]
    public void UnknownWritesNobodySaw_AreNoBurden_WhenFailedCasDoNotTellWhatTheyFound()
    {
        long whole = 0, checkedBy = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            List<Operation> history = Histories.Correct(new Random(seed), 300, 16, unknown: 0.05, reported: false);
            KeySearch search = new(KeyProblem.Of(history), 1_000_000);
            KeyResult result = HistoryChecker.Check(new KeyHistory("k", history), 1_000_000);
            Assert.Equal(search.Run(), result.Verdict);
            whole += search.Configurations;
            checkedBy += result.Configurations;
        }

        Assert.True(checkedBy < whole, $"{checkedBy} configurations, {whole} with those writes");
    }

    [Theory]
    [InlineData("a write is missing", "1 0-1 put a; | 1 2-3 put b;", "0")]
    [InlineData("against time", "1 0-1 put a; | 1 2-3 put b;", "1 0")]
    [InlineData("twice", "1 0-1 put a;", "0 0")]
    [InlineData("another value", "1 0-9 put a; | 2 0-9 get -", "0 1")]
    [InlineData("a cas that cannot match", "1 0-9 put a; | 2 0-9 cas - b; ok", "0 1")]
    [InlineData("a cas that cannot fail", "1 0-9 put a; | 2 0-9 cas a; b; fail -", "0 1")]
    [InlineData("a cas that finds another", "1 0-9 put a; | 2 0-9 cas x; b; fail -", "0 1")]
    [InlineData("behind a delete", "1 0-9 put a; | 2 0-9 delete | 3 0-9 get a;", "0 1 2")]
    [InlineData("behind an append", "1 0-9 put a; | 2 0-9 append b; | 3 0-9 get a;", "0 1 2")]
    public void OrderThatExplainsNothing_IsNoProof(string what, string history, string order) =>
        Assert.False(Certificate.Holds(Script.Parse(history), [.. order.Split(' ').Select(int.Parse)]), what);

    [Fact]
    public void Explanation_NamesTheFirstResultThatNothingExplains_InALongHistory()
    {
        List<Operation> history = Histories.Correct(new Random(11), 3_000, 8);
        int changed = history.FindIndex(1_500, o => o is { Kind: OperationKind.Get, Ok: true });
        history[changed] = history[changed] with { Output = "never;", Client = 4711 };
        KeyResult result = HistoryChecker.Check(history)[0];
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Contains("client 4711: get -> \"never;\"", result.Explanation!.Split('\n')[1], StringComparison.Ordinal);
        Assert.Contains("  > [0.0 .. ", result.Explanation, StringComparison.Ordinal);
        Assert.True(result.Explanation.Split('\n').Length < 32);
    }

    [Fact]
    public void Result_IsTheSame_EachTime()
    {
        List<Operation> history = Histories.Correct(new Random(12), 2_000, 16, unknown: 0.02);
        Assert.Equal(HistoryChecker.Check(history), HistoryChecker.Check(history));
    }
}
