using System.Runtime.CompilerServices;
using CsCheck;
using Quorleans.KeyValue.Store;

namespace Quorleans.KeyValue.Tests;

/// <summary>Imported keys and values lie in pages: what they share, that nobody notices, and that a page ends with its use.</summary>
public sealed class PageTests
{
    private const int Count = 2000;
    private static readonly KeyValueLimits _limits = KeyValueLimits.Default;

    // All keys of one shard, so that an import takes them.
    private static readonly ShardFunction _oneShard = ShardFunction.HashTag(1);

    [Fact]
    public void Append_BetweenOtherChangesAndClones_BehavesAsInserts() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 5000]).Array[0, 1500].Sample(steps =>
        {
            var tree = new CowTree<int>();
            var model = new SortedDictionary<string, int>(StringComparer.Ordinal);
            var clones = new List<(CowTree<int> Tree, KeyValuePair<string, int>[] Model)>();
            int top = 0;
            foreach ((int dice, int number) in steps)
            {
                string text = dice < 7 ? $"k{top += number % 3:000000}" : $"k{number % (top + 1):000000}";
                byte[] key = Bytes(text);
                if (dice == 9)
                {
                    Assert.Equal(model.Remove(text), tree.Remove(key));
                }
                else
                {
                    bool isAbove = model.Count == 0 || string.CompareOrdinal(text, model.Keys.Last()) > 0;
                    Assert.InRange(tree.AppendRoom, 1, 64);
                    ref int slot = ref tree.Append(Slice.Of(key));
                    Assert.Equal(isAbove, !Unsafe.IsNullRef(in slot));
                    if (!isAbove) slot = ref tree.GetOrAdd(key, out _);
                    slot = model[text] = number;
                }

                if (number % 300 == 0) clones.Add((tree.Clone(), [.. model]));
            }

            AssertSame(tree, [.. model]);
            foreach ((CowTree<int> clone, KeyValuePair<string, int>[] then) in clones) AssertSame(clone, then);
        }, iter: 60);

    [Fact]
    public void Import_OfManySmallItems_TakesAnArrayForALeafOfThem_AndIsEqual()
    {
        Shard origin = Filled();
        Shard copy = Copy(origin);
        Assert.Equal(origin.Seal, copy.Seal);
        Assert.Equal((origin.Keys, origin.Bytes), (copy.Keys, copy.Bytes));
        Assert.InRange(ArraysOf(copy).Count, 1, Count / 20);
        Assert.Equal(copy.Seal, Copy(copy).Seal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Change_OfAnItemInAPage_LeavesItsNeighboursAndEarlierViewsAlone(bool isViewed)
    {
        Shard copy = Copy(Filled());
        Shard view = isViewed ? copy.Clone() : Filled();
        var changed = new ClientId(7);
        for (int i = 0; i < Count; i += 2) Write(copy, changed, i + 1, i % 4 == 0 ? OperationKind.Put : OperationKind.Append, Key(i), Bytes("!!!!!"));
        for (int i = 0; i < Count; i++)
        {
            string before = Value(i);
            string now = i % 4 == 0 ? "!!!!!" : i % 2 == 0 ? before + "!!!!!" : before;
            Assert.Equal(now, Text(copy.Find(Bytes(Key(i))).Value));
            Assert.Equal(before, Text(view.Find(Bytes(Key(i))).Value));
        }
    }

    [Fact]
    public void Page_HardlyUsedAnyMore_IsLetGo_AtTheFirstChangeAfterASnapshot()
    {
        Shard copy = Copy(Filled());
        UInt128 seal = Write(copy, new ClientId(7), 1, OperationKind.Put, Key(0), Bytes("x"));
        long imported = PagedBytes(copy);
        for (int i = 0; i < Count; i++) seal = Write(copy, new ClientId(7), i + 2, OperationKind.Put, Key(i), Bytes("other"));
        Assert.Equal(imported, PagedBytes(copy));

        Shard view = copy.Clone();
        Assert.Equal(seal, view.Seal);
        for (int i = 0; i < Count; i += 20) Write(copy, new ClientId(7), Count + i + 2, OperationKind.Put, Key(i), Bytes("third"));

        // The keys alone are left in pages, about a tenth.
        Assert.InRange(PagedBytes(copy), 1, imported / 4);
        Assert.Equal(imported, PagedBytes(view));
        for (int i = 0; i < Count; i++) Assert.Equal(i % 20 == 0 ? "third" : "other", Text(copy.Find(Bytes(Key(i))).Value));
    }

    [Fact]
    public void Import_OfLongValuesAmongShortOnes_IsEqual()
    {
        var origin = new Shard(new ShardId(0));
        for (int i = 0; i < 300; i++) Write(origin, new ClientId(3), i + 1, OperationKind.Put, Key(i), new byte[i % 7 == 0 ? 900 + i : i % 5]);
        Assert.Equal(origin.Seal, Copy(origin).Seal);
    }

    private static Shard Filled()
    {
        var shard = new Shard(new ShardId(0));
        for (int i = 0; i < Count; i++) Write(shard, new ClientId(1 + (UInt128)(i % 3)), i + 1, OperationKind.Put, Key(i), Bytes(Value(i)));
        return shard;
    }

    /// <summary>What a hand-off makes of it: chunk by chunk.</summary>
    private static Shard Copy(Shard origin)
    {
        var state = new StoreState(1, ownsAll: false);
        var handoff = new ShardHandoff(new GroupRef(2, 1), _oneShard, _limits, HandoffLimits.Default);
        var move = new ShardMove(5, new ShardId(0), new GroupRef(1, 1), new GroupRef(2, 1), 2);
        handoff.Apply(state, new HandoffCommand { Kind = HandoffKind.ImportBegin, Move = move, Attempt = 1, Start = 1, Revision = origin.Revision }, 1, 0);
        byte[] position = [];
        bool isLast = false;
        for (long number = 0; !isLast; number++)
        {
            ReadOnlyMemory<byte> content = ShardChunk.Read(origin, position, 10_000, out position, out isLast)!.Value;
            var chunk = new HandoffCommand { Kind = HandoffKind.ImportChunk, Move = move, Attempt = 1, Start = 1, Number = number, IsLast = isLast, Position = position, Content = content.Span };
            Assert.Null(handoff.Check(chunk));
            Assert.Equal(HandoffOutcome.Done, handoff.Apply(state, chunk, number + 2, 0));
        }

        return state.Slots[0].Import!.Shard;
    }

    private static UInt128 Write(Shard shard, ClientId client, long sequence, OperationKind kind, string key, byte[] value)
    {
        var batch = new WriteBatchBuilder(_limits);
        batch.Begin(client);
        batch.TryAdd(new WriteOperation { Kind = kind, Sequence = sequence, Floor = sequence - 1, Key = Bytes(key), Value = value });
        var reader = new WriteBatchReader(batch.ToArray());
        Assert.True(reader.TryRead(out WriteOperationView view));
        Assert.Equal(OperationStatus.Ok, shard.Apply(client, view, 0, _limits).Status);
        return shard.Seal;
    }

    private static HashSet<byte[]> ArraysOf(Shard shard)
    {
        var arrays = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        for (CowTree<Item>.Cursor cursor = shard.Seek([], inclusive: true); !cursor.IsEnd; cursor.MoveNext())
        {
            arrays.Add(cursor.Key.Array);
            arrays.Add(cursor.Value.Buffer);
        }

        return arrays;
    }

    private static long PagedBytes(Shard shard)
    {
        var pages = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        for (CowTree<Item>.Cursor cursor = shard.Seek([], inclusive: true); !cursor.IsEnd; cursor.MoveNext())
            if (cursor.Key.IsPiece) pages.Add(cursor.Key.Array);
        return pages.Sum(static page => (long)page.Length);
    }

    private static void AssertSame(CowTree<int> tree, KeyValuePair<string, int>[] model)
    {
        Assert.Equal(model.Length, tree.Count);
        CowTree<int>.Cursor cursor = tree.Seek([], inclusive: true);
        foreach ((string key, int value) in model)
        {
            Assert.Equal((key, value), (Text(cursor.Key.Span), cursor.Value));
            Assert.Equal(value, tree.Find(Bytes(key)));
            cursor.MoveNext();
        }

        Assert.True(cursor.IsEnd);
    }

    private static string Key(int i) => $"user:{i:000000}";

    private static string Value(int i) => $"{i}:" + new string((char)('a' + i % 26), 60 + i % 50);

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
