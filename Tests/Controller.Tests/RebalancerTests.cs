using CsCheck;

namespace Quorleans.KeyValue.Controller.Tests;

public sealed class RebalancerTests
{
    [Fact]
    public void Spread_IsTheOptimum_OfAllWays_OnEverySmallCase()
    {
        // Every assignment of up to 5 shards to nobody, 1 to 3 groups that are there and one that is not, against every way to spread them.
        for (int shards = 1; shards <= 5; shards++)
        {
            for (int groups = 1; groups <= 3; groups++)
            {
                int[] gids = [.. Enumerable.Range(1, groups).Select(i => 10 * i)];
                foreach (int[] before in Assignments(shards, [0, 77, .. gids])) AssertOptimal(before, before, gids);
            }
        }
    }

    [Fact]
    public void Spread_IsTheOptimum_OfAllWays_OnRandomCases() =>
        Gen.Select(Gen.Int[1, 7], Gen.Int[1, 4]).SelectMany((shards, groups) => Gen.Select(
            Gen.Int[0, groups + 1].Array[shards], Gen.Int[0, groups + 1].Array[shards], Gen.Const(groups)))
        .Sample((before, owners, groups) => AssertOptimal(before, owners, [.. Enumerable.Range(1, groups)]), iter: 500);

    [Fact]
    public void Spread_ReachesTheLowerBound_OnLargeCases() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Int[1, 60]).SelectMany((shards, groups) => Gen.Select(
            // Squares, so that some groups have much and others little.
            Gen.Int[0, groups + 2].Array[shards].Select(all => all.Select(i => i * i / (groups + 3)).ToArray()),
            Gen.Int[0, groups + 2].Array[shards], Gen.Const(groups)))
        .Sample((before, owners, groups) =>
        {
            int[] gids = [.. Enumerable.Range(1, groups)];
            int[] after = Spread(before, owners, gids);
            int low = before.Length / groups, large = before.Length % groups;
            int[] counts = [.. gids.Select(gid => before.Count(gid.Equals))];
            int kept = counts.Sum(count => Math.Min(count, low)) + Math.Min(large, counts.Count(count => count > low));
            AssertEven(after, gids);
            Assert.Equal(before.Length - kept, Changes(before, after));
        }, iter: 300);

    [Fact]
    public void Spread_OfAnEvenAssignment_ChangesNothing()
    {
        int[] before = [3, 1, 2, 3, 1, 2, 3];
        Assert.Equal(before, Spread(before, before, [1, 2, 3]));
    }

    [Fact]
    public void Spread_OverNoGroups_LeavesEverythingToNobody() => Assert.Equal([0, 0, 0], Spread([1, 2, 0], [1, 2, 0], []));

    [Fact]
    public void Spread_SendsShardsBack_ThatHaveNotLeftTheirOwnerYet()
    {
        for (int groups = 1; groups < 12; groups++)
        {
            int[] gids = [.. Enumerable.Range(1, groups)];
            int[] owners = Spread(new int[64], new int[64], gids);
            int[] joined = Spread(owners, owners, [.. gids, 50]);
            Assert.Equal(owners, Spread(joined, owners, gids));
        }
    }

    private static void AssertOptimal(int[] before, int[] owners, int[] gids)
    {
        int[] after = Spread(before, owners, gids);
        AssertEven(after, gids);
        int best = int.MaxValue;
        foreach (int[] way in Assignments(before.Length, gids))
        {
            if (IsEven(way, gids)) best = Math.Min(best, Changes(before, way));
        }

        Assert.True(best == Changes(before, after), $"[{string.Join(' ', before)}] → [{string.Join(' ', after)}] changes {Changes(before, after)}; {best} would do.");
    }

    private static void AssertEven(int[] targets, int[] gids)
    {
        Assert.True(IsEven(targets, gids), string.Join(' ', targets));
        Assert.All(targets, target => Assert.Contains(target, gids));
    }

    private static bool IsEven(int[] targets, int[] gids)
    {
        int least = int.MaxValue, most = 0;
        foreach (int gid in gids)
        {
            int count = 0;
            foreach (int target in targets) count += target == gid ? 1 : 0;
            (least, most) = (Math.Min(least, count), Math.Max(most, count));
        }

        return most - least <= 1;
    }

    private static int Changes(int[] before, int[] after)
    {
        int changes = 0;
        for (int i = 0; i < before.Length; i++) changes += before[i] == after[i] ? 0 : 1;
        return changes;
    }

    private static IEnumerable<int[]> Assignments(int shards, int[] values)
    {
        int[] digits = new int[shards];
        while (true)
        {
            yield return [.. digits.Select(digit => values[digit])];
            int at = 0;
            while (at < shards && ++digits[at] == values.Length) digits[at++] = 0;
            if (at == shards) yield break;
        }
    }

    private static int[] Spread(int[] before, int[] owners, int[] gids)
    {
        int[] targets = [.. before];
        Rebalancer.Spread(targets, owners, gids);
        return targets;
    }
}
