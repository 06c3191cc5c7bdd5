using CsCheck;
using Quorleans.KeyValue.Store;

namespace Quorleans.KeyValue.Tests;

/// <summary>The tree against a SortedDictionary, with clones taken at random and checked after everything else.</summary>
public sealed class CowTreeTests
{
    private static readonly Comparer<byte[]> _byBytes = Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y));

    /// <summary>Few letters, zeros among them, and long shared beginnings: what words and prefixes could get wrong.</summary>
    private static readonly Gen<byte[]> _key = Gen.OneOf(
        Gen.OneOf<byte>(0, 1, 255).Array[1, 12],
        Gen.Byte.Array[1, 3],
        Gen.Int[0, 3000].Select(i => System.Text.Encoding.UTF8.GetBytes($"user:{i:00000000}")),
        Gen.Int[0, 300].Select(i => System.Text.Encoding.UTF8.GetBytes($"user:0000000012345678{i}")));

    [Fact]
    public void Tree_BehavesAsASortedDictionary_AndClonesDoNotChange() =>
        Gen.Select(_key, Gen.Int[0, 99]).Array[0, 2500].Select(Gen.Int[0, 2]).Sample((steps, style) =>
        {
            var tree = new CowTree<int>();
            var model = new SortedDictionary<byte[], int>(_byBytes);
            var clones = new List<(CowTree<int> Tree, SortedDictionary<byte[], int> Model)>();
            for (int i = 0; i < steps.Length; i++)
            {
                (byte[] key, int dice) = steps[i];
                // Three mixes: mostly inserts, half and half, and inserts first with removals after.
                bool remove = style == 0 ? dice < 15 : style == 1 ? dice < 45 : i > steps.Length * 2 / 3;
                if (remove)
                {
                    byte[] victim = Pick(tree, key, dice);
                    Assert.Equal(model.Remove(victim), tree.Remove(victim));
                }
                else
                {
                    Set(tree, model, key, i);
                }

                if (i % 400 == dice) clones.Add((tree.Clone(), new SortedDictionary<byte[], int>(model, _byBytes)));
            }

            AssertSame(tree, model);
            foreach ((CowTree<int> clone, SortedDictionary<byte[], int> then) in clones) AssertSame(clone, then);
        }, iter: 60);

    [Fact]
    public void Clone_MayBeChangedToo_WithoutTouchingItsOrigin()
    {
        var tree = new CowTree<int>();
        for (int i = 0; i < 5000; i++) tree.GetOrAdd(Key(i), out _) = i;
        CowTree<int> clone = tree.Clone();
        for (int i = 0; i < 5000; i += 2) clone.FindForUpdate(Key(i)) = -1;
        for (int i = 1; i < 5000; i += 2) Assert.True(tree.Remove(Key(i)));
        Assert.Equal((2500, 5000), (tree.Count, clone.Count));
        for (int i = 0; i < 5000; i++) Assert.Equal(i % 2 == 0 ? -1 : i, clone.Find(Key(i)));
        for (int i = 0; i < 5000; i += 2) Assert.Equal(i, tree.Find(Key(i)));
    }

    [Fact]
    public void Seek_FindsTheNextKey_FromAnyBound() => Gen.Select(_key.Array[0, 600], _key.Array[1, 60]).Sample((keys, bounds) =>
    {
        var tree = new CowTree<int>();
        var model = new SortedSet<byte[]>(_byBytes);
        foreach (byte[] key in keys)
        {
            tree.GetOrAdd(key, out bool exists) = 1;
            Assert.Equal(!model.Add(key), exists);
        }

        byte[][] sorted = [.. model];
        foreach (byte[] bound in bounds)
        {
            foreach (bool inclusive in (bool[])[true, false])
            {
                byte[]? expected = sorted.FirstOrDefault(k => _byBytes.Compare(k, bound) is var c && (inclusive ? c >= 0 : c > 0));
                CowTree<int>.Cursor cursor = tree.Seek(bound, inclusive);
                Assert.Equal(expected, cursor.IsEnd ? null : cursor.Key.Span.ToArray());
            }
        }
    }, iter: 100);

    [Fact]
    public void Builder_MakesTheSameTree_ThatGoesOnWorking() => _key.Array[0, 5000].Sample(keys =>
    {
        var model = new SortedDictionary<byte[], int>(_byBytes);
        foreach (byte[] key in keys) model[key] = key.Length;
        var builder = new CowTree<int>.Builder();
        foreach ((byte[] key, int value) in model) Assert.True(builder.TryAdd(key, value));
        if (model.Count > 0) Assert.False(builder.TryAdd(model.Keys.Last(), 0));
        CowTree<int> tree = builder.Build();
        AssertSame(tree, model);
        for (int i = 0; i < 300; i++) Set(tree, model, Key(i), i);
        foreach (byte[] key in keys.Take(keys.Length / 2)) Assert.Equal(model.Remove(key), tree.Remove(key));
        AssertSame(tree, model);
    }, iter: 30);

    /// <summary>
    /// Three levels, where keys keep coming below all that were there, with other beginnings: inner nodes' first keys are then above what they
    /// hold, which splits and merges must mend. Runs of removals make inner nodes merge.
    /// </summary>
    [Fact]
    public void Tree_KeepsItsOrder_WhenKeysComeBelowAllOthers() => Gen.Int[0, int.MaxValue].Array[20].Sample(dice =>
    {
        var tree = new CowTree<int>();
        var model = new SortedDictionary<byte[], int>(_byBytes);
        for (int group = 0; group < dice.Length; group++)
        {
            for (int i = 0; i < 900; i++)
            {
                // The step is coprime to 900: each number once, in another order each time.
                int number = (int)((long)i * (7 + 30 * (dice[group] % 97)) % 900);
                Set(tree, model, System.Text.Encoding.UTF8.GetBytes($"{(char)('z' - group)}-shared-{number:0000}"), i);
            }
        }

        for (int round = 0; round < 2 * dice.Length; round++)
        {
            int from = (int)((long)dice[round % dice.Length] * (round + 1) % Math.Max(1, model.Count - 100));
            byte[][] run = [.. model.Keys.Skip(from).Take(200 + dice[round % dice.Length] % 1800)];
            foreach (byte[] key in run) Assert.Equal(model.Remove(key), tree.Remove(key));
            foreach (byte[] key in run.Where((_, i) => i % 5 == 0)) Set(tree, model, key, -1);
        }

        AssertSame(tree, model);
    }, iter: 20);

    [Fact]
    public void Tree_IsEmptyAgain_AfterEverythingWasRemoved()
    {
        var tree = new CowTree<int>();
        for (int i = 0; i < 20_000; i++) tree.GetOrAdd(Key(i * 7919 % 20_000), out _) = i;
        for (int i = 0; i < 20_000; i++) Assert.True(tree.Remove(Key(i * 104_729 % 20_000)));
        Assert.Equal(0, tree.Count);
        Assert.True(tree.Seek([], inclusive: true).IsEnd);
        Assert.False(tree.Remove(Key(1)));
    }

    private static byte[] Key(int i) => System.Text.Encoding.UTF8.GetBytes($"key-{i:0000000}");

    private static byte[] Pick(CowTree<int> tree, byte[] key, int dice)
    {
        // Removing a random key would seldom hit: mostly take one that is there.
        if (dice % 5 == 0) return key;
        CowTree<int>.Cursor cursor = tree.Seek(key, inclusive: true);
        return cursor.IsEnd ? key : cursor.Key.Span.ToArray();
    }

    private static void Set(CowTree<int> tree, SortedDictionary<byte[], int> model, byte[] key, int value)
    {
        ref int slot = ref tree.GetOrAdd(key, out bool exists);
        Assert.Equal(model.TryGetValue(key, out int before), exists);
        Assert.Equal(before, slot);
        slot = value;
        model[key] = value;
    }

    private static void AssertSame(CowTree<int> tree, SortedDictionary<byte[], int> model)
    {
        Assert.Equal(model.Count, tree.Count);
        CowTree<int>.Cursor cursor = tree.Seek([], inclusive: true);
        foreach ((byte[] key, int value) in model)
        {
            Assert.False(cursor.IsEnd);
            Assert.Equal(key, cursor.Key.Span.ToArray());
            Assert.Equal(value, cursor.Value);
            Assert.Equal(value, tree.Find(key));
            cursor.MoveNext();
        }

        Assert.True(cursor.IsEnd);
    }
}
