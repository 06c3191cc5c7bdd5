namespace Quorleans.Linearizability.Tests;

public sealed class BruteForceTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Verdict_IsThatOfFullEnumeration_OnWildHistories(int seed, bool unique)
    {
        Random random = new(seed);
        int good = 0;
        for (int i = 0; i < 15_000; i++) good += Compare(Histories.Wild(random, unique)) ? 1 : 0;
        Assert.InRange(good, 1_000, 14_000);
    }

    [Theory]
    [InlineData(3, true, true)]
    [InlineData(4, true, false)]
    [InlineData(5, false, true)]
    public void Verdict_IsThatOfFullEnumeration_OnHistoriesWithOneResultChanged(int seed, bool unique, bool reported)
    {
        Random random = new(seed);
        int bad = 0;
        for (int i = 0; i < 8_000; i++)
        {
            List<Operation> history = Histories.Correct(random, random.Next(3, 8), random.Next(1, 5), unique, 0.2, 1, reported);
            Assert.True(Compare(history), "a correct store's history");
            int changed = random.Next(history.Count);
            string? other = random.Next(4) == 0 ? null : history[random.Next(history.Count)].Value;
            history[changed] = random.Next(3) switch
            {
                0 => history[changed] with { Output = other },
                1 => history[changed] with { Expected = other, Ok = true },
                _ => history[changed] with { Call = history[changed].Call / 3, Return = history[changed].Call / 2 },
            };
            bad += Compare(history) ? 0 : 1;
        }

        Assert.InRange(bad, 500, 7_000);
    }

    private static bool Compare(List<Operation> history)
    {
        bool expected = BruteForce.IsLinearizable(history);
        KeyProblem problem = KeyProblem.Of(history);
        KeySearch search = new(problem, 1_000_000);
        Verdict verdict = search.Run();
        Assert.Equal(expected ? Verdict.Linearizable : Verdict.NotLinearizable, HistoryChecker.Check(new KeyHistory("k", history)).Verdict);
        Assert.True(verdict == (expected ? Verdict.Linearizable : Verdict.NotLinearizable), $"{verdict}\n{string.Join('\n', history)}");
        if (expected)
        {
            CheckOrder(problem, search.Order());
            Assert.True(Certificate.Holds(problem.Operations, search.Order()));
        }
        else Assert.NotEmpty(HistoryChecker.Check(new KeyHistory("k", history)).Explanation!);
        return expected;
    }

    // The search's own proof: replayed on plain strings, every result comes out, in an order that real time allows.
    private static void CheckOrder(KeyProblem problem, List<int> order)
    {
        string? state = null;
        long latestCall = long.MinValue;
        foreach (int i in order)
        {
            Operation operation = problem.Operations[i];
            Assert.True(BruteForce.Step(operation, state, out state));
            Assert.True(operation.Ok is null || operation.Return >= latestCall);
            latestCall = Math.Max(latestCall, operation.Call);
        }

        Assert.All(Enumerable.Range(0, problem.Operations.Length), i => Assert.True(problem.Operations[i].Ok is null || order.Contains(i)));
    }
}
