using static System.Text.Encoding;
using static Quorleans.KeyValue.Tests.TestStore;

namespace Quorleans.KeyValue.Tests;

public sealed class ScanTests
{
    private readonly TestStore _store = new();

    public ScanTests()
    {
        for (int i = 0; i < 300; i++) _store.Apply1(1, Put(i + 1, $"k{i:000}", new string('v', i)));
        _store.Apply1(1, Put(301, "other", "x"));
    }

    [Fact]
    public void Scan_ReadsAllShardsInKeyOrder()
    {
        (string[] keys, string? continuation) = _store.Scan();
        Assert.Equal([.. Enumerable.Range(0, 300).Select(i => $"k{i:000}"), "other"], keys);
        Assert.Null(continuation);
    }

    [Fact]
    public void Scan_ReadsTheShardsAskedForOnly()
    {
        byte[] even = new byte[ShardBits.Size(64)];
        Array.Fill(even, (byte)0x55);
        byte[] odd = [.. even.Select(static bits => (byte)~bits)];
        string[] left = _store.Scan(shards: even).Keys, right = _store.Scan(shards: odd).Keys;
        Assert.All(left, static key => Assert.Equal(0, ShardFunction.Default.Of(UTF8.GetBytes(key)).Value % 2));
        Assert.NotEmpty(right);
        Assert.Equal(_store.Scan().Keys, left.Concat(right).Order(StringComparer.Ordinal));
        Assert.Empty(_store.Scan(shards: [0]).Keys);
    }

    [Theory]
    [InlineData("k01", "", "", 10, "k010", "k019")]
    [InlineData("", "k010", "k020", 10, "k010", "k019")]
    [InlineData("k01", "k015", "", 5, "k015", "k019")]
    [InlineData("k01", "a", "k012", 2, "k010", "k011")]
    [InlineData("", "k2985", "", 2, "k299", "other")]
    public void Scan_KeepsToPrefixAndRange(string prefix, string from, string to, int count, string first, string last)
    {
        (string[] keys, string? continuation) = _store.Scan(prefix, from, to);
        Assert.Equal((count, first, last), (keys.Length, keys[0], keys[^1]));
        Assert.Null(continuation);
    }

    [Theory]
    [InlineData("zz", "", "")]
    [InlineData("", "p", "")]
    [InlineData("", "k020", "k010")]
    [InlineData("k0", "k1", "")]
    public void Scan_IsEmpty_WhenNothingMatches(string prefix, string from, string to)
    {
        (string[] keys, string? continuation) = _store.Scan(prefix, from, to);
        Assert.Empty(keys);
        Assert.Null(continuation);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(150)]
    [InlineData(300)]
    public void Pages_JoinWithoutGapOrRepetition(int limit)
    {
        var all = new List<string>();
        string? after = "";
        for (int pages = 0; after is not null; pages++)
        {
            (string[] keys, after) = _store.Scan(prefix: "k", after: after, limit: limit);
            all.AddRange(keys);
            Assert.InRange(pages, 0, 300);
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"k{i:000}"), all);
    }

    [Fact]
    public void Page_EndsAtItsByteLimit_ButHoldsAtLeastOneItem()
    {
        var store = new TestStore(KeyValueLimits.Default with { MaxScanBytes = 100 });
        store.Apply(1, Put(1, "a", new string('x', 500)), Put(2, "b", new string('x', 40)), Put(3, "c", new string('x', 40)), Put(4, "d", "x"));
        AssertPage(store, "", ["a"], "a");
        AssertPage(store, "a", ["b", "c", "d"], null);
        store.Apply1(1, Put(5, "c", new string('x', 90)));
        AssertPage(store, "a", ["b"], "b");

        static void AssertPage(TestStore store, string after, string[] expected, string? continuation)
        {
            (string[] keys, string? next) = store.Scan(after: after);
            Assert.Equal(expected, keys);
            Assert.Equal(continuation, next);
        }
    }

    [Fact]
    public void Scan_SeesWritesBetweenPages()
    {
        (_, string? after) = _store.Scan(prefix: "k", limit: 10);
        _store.Apply(1, Delete(400, "k010"), Put(401, "k0095", "new"));
        (string[] keys, _) = _store.Scan(prefix: "k", after: after!, limit: 2);
        Assert.Equal(["k0095", "k011"], keys);
    }
}
