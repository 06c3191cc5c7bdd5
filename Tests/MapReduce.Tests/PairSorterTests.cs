using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

/// <summary>The radix sort beside a stable sort that only compares.</summary>
public sealed class PairSorterTests
{
    private static readonly Dictionary<string, Func<Random, int, byte[]>> Shapes = new()
    {
        ["random bytes"] = static (random, _) => Bytes(random, 10),
        ["random lengths"] = static (random, _) => Bytes(random, random.Next(0, 20)),
        ["few values"] = static (random, _) => [(byte)random.Next(3)],
        ["all equal"] = static (_, _) => "the same key for all"u8.ToArray(),
        ["all empty"] = static (_, _) => [],
        ["ascending"] = static (_, i) => Number(i),
        ["descending"] = static (_, i) => Number(int.MaxValue - i),
        ["one bit at the top"] = static (random, i) => [.. Number(i), .. new byte[random.Next(3)]],
        ["common beginning"] = static (random, _) => Encoding.ASCII.GetBytes($"https://www.example.org/a/long/path/that/all/have/{random.Next(5000)}"),
        ["longer common beginning than is looked at by radix"] = static (random, _) => Encoding.ASCII.GetBytes(new string('/', 200) + random.Next(500)),
        ["only zeros of different lengths"] = static (random, _) => new byte[random.Next(40)],
        ["zeros, then something, or nothing"] = static (random, _) => [.. new byte[random.Next(30)], .. Bytes(random, random.Next(2))],
        ["prefixes of each other"] = static (random, _) => Encoding.ASCII.GetBytes(new string('a', random.Next(100))),
        ["one far away from the others"] = static (random, i) => i == 7 ? [255, 255, 255, 255, 255, 255, 255, 255] : [0, 0, 0, 0, 0, 0, .. Bytes(random, 2)],
        ["each digit of a clustered range"] = static (random, i) => Clustered(random, i),
        ["words"] = static (random, _) => Encoding.ASCII.GetBytes(new string((char)('a' + random.Next(26)), 1 + random.Next(12)) + random.Next(9)),
    };

    public static TheoryData<string, int> Cases() => [.. from shape in Shapes.Keys from count in (int[])[0, 1, 2, 31, 33, 1000, 40_000] select new TheoryDataRow<string, int>(shape, count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Entries_AreAsAStableSortHasThem(string shape, int count)
    {
        Random random = new(count);
        Keys keys = new([.. Enumerable.Range(0, count).Select(i => Shapes[shape](random, i))]);
        int[] expected = Enumerable.Range(0, count).OrderBy(i => keys.All[i], ByteOrder.Instance).ToArray();
        Assert.Equal(expected, Sorted(keys, null));
    }

    [Fact]
    public void EntriesInTheUsersOrder_AreAsAStableSortHasThem()
    {
        Random random = new(3);
        Keys keys = new([.. Enumerable.Range(0, 5000).Select(_ => Bytes(random, random.Next(3)))]);
        int[] expected = Enumerable.Range(0, 5000).OrderByDescending(i => keys.All[i], ByteOrder.Instance).ToArray();
        Assert.Equal(expected, Sorted(keys, new Descending()));
    }

    [Fact]
    public void AnyKeys_AreAsAStableSortHasThem() => Gen.Byte[0, 3].Array[0, 12].Array[0, 300].Sample(all =>
    {
        Keys keys = new(all);
        Assert.Equal(Enumerable.Range(0, all.Length).OrderBy(i => all[i], ByteOrder.Instance), Sorted(keys, null));
    });

    private static IEnumerable<int> Sorted(Keys keys, IKeyComparer? order)
    {
        PairEntry[] entries = [.. keys.All.Select((key, i) => new PairEntry(order is null ? KeyPrefix.Of(key) : 0, i, 0))];
        new PairSorter<Keys>(keys, order, new PairEntry[entries.Length]).Sort(entries);
        return entries.Select(static entry => entry.Place);
    }

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Number(int i)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, ((long)(i & 1) << 62) | (uint)i);
        return bytes;
    }

    // Most keys agree in their upper digits after each round, so that no round gets far.
    private static byte[] Clustered(Random random, int i)
    {
        byte[] key = new byte[8];
        int digit = i % 4;
        for (int j = 2 * digit; j < 8; j++) key[j] = (byte)random.Next(256);
        return key;
    }

    private readonly struct Keys(byte[][] all) : IKeySource
    {
        public byte[][] All => all;

        public ReadOnlySpan<byte> KeyAt(int place) => all[place];
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static ByteOrder Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }

    private sealed class Descending : IKeyComparer
    {
        public int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => right.SequenceCompareTo(left);
    }
}
