using System.Text;
using Quorleans.MapReduce.Engine;
using Quorleans.Samples.DistributedGrep;
using Quorleans.Samples.FixedRecordSort;
using Quorleans.Samples.InvertedIndex;
using Quorleans.Samples.TopWords;

namespace Quorleans.MapReduce.Tests;

public sealed class SampleTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WordCount_CountsWithItsCombiner()
    {
        _folder.Add("a", "b a\r\nb c\n");
        _folder.Add("b", "b c");
        JobReport report = JobFolder.Run(_folder.Request(new Samples.WordCount.WordCount()) with { Reducers = 1 })[0];
        Assert.Equal(["a 1", "b 3", "c 2"], _folder.Lines);
        Assert.Equal(3, report.Counters["lines"]);
    }

    [Fact]
    public void InvertedIndex_EqualsTheBuiltInOne()
    {
        for (int i = 0; i < 5; i++) _folder.Add($"doc-{i}", Corpus.Text(i, 30_000));
        JobFolder.Run(_folder.Request(new InvertedIndex()));
        string typed = _folder.OutputText();
        JobFolder.Run(_folder.Request(new Applications.InvertedIndex()) with { Overwrite = true, SplitBytes = 7000 });
        Assert.Equal(typed, _folder.OutputText());
        Assert.Contains(_folder.Lines, line => line.EndsWith(" 5 doc-0,doc-1,doc-2,doc-3,doc-4", StringComparison.Ordinal));
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void Greps_FindTheLines_InOrder()
    {
        _folder.Add("log", string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i}\n")));
        string[] expected = [.. Enumerable.Range(0, 3000).Select(i => $"line {i}").Where(line => line.Contains("77", StringComparison.Ordinal))];
        JobReport report = JobFolder.Run(_folder.Request(new DistributedGrep(), ("text", "77")) with { Reducers = 1, SplitBytes = 999 })[0];
        Assert.Equal(expected, _folder.Lines.Select(line => line[(line.IndexOf(' ') + 1)..]));
        Assert.Equal(expected.Length, report.Counters["matching lines"]);
        JobFolder.Run(_folder.Request(new Applications.Grep(), ("pattern", "L.*77"), ("regex", "true"), ("ignore-case", "true")) with { Overwrite = true, SplitBytes = 999, Reducers = 5 });
        Assert.Equal(expected, _folder.Lines.Select(line => line[(line.IndexOf(' ') + 1)..]));
    }

    [Fact]
    public void FixedRecordSort_SortsByKey()
    {
        byte[] data = new byte[100 * 5000];
        new Random(3).NextBytes(data);
        _folder.Add("records", data);
        JobFolder.Run(_folder.Request(new FixedRecordSort()) with { SplitBytes = 30_000 });
        Assert.True(data.Chunk(100).OrderBy(record => Convert.ToHexString(record, 0, 10), StringComparer.Ordinal).SelectMany(record => record).SequenceEqual(_folder.OutputBytes()), "the output is not the sorted input");
    }

    [Fact]
    public void TopWords_ChainsTwoJobs_AndLeavesNothingOfTheFirst()
    {
        _folder.Add("a", string.Join(' ', Enumerable.Range(1, 26).SelectMany(i => Enumerable.Repeat(((char)('a' + i - 1)).ToString(), i * 11))));
        IReadOnlyList<JobReport> reports = JobFolder.Run(_folder.Request(new TopWords(), ("n", "3")));
        Assert.Equal(["z 286", "y 275", "x 264"], _folder.Lines);
        Assert.Equal(["count words", "top words"], reports.Select(report => report.Job));
        Assert.Single(_folder.OutputFiles());
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void AsyncMapper_IsAwaited_RecordByRecord()
    {
        _folder.Add("a", "1\n2\n3\n");
        JobDefinition job = new TypedJob<string, int, double> { Name = "async", AsyncMapper = () => new Halves(), Reducer = () => new Writer() }.Define();
        JobFolder.Run(_folder.Request(job) with { Reducers = 1 });
        Assert.Equal(["-3 1.5", "-2 1", "-1 0.5"], _folder.Lines);
    }

    [Fact]
    public void Values_CanBeGoneThroughOnce()
    {
        _folder.Add("a", "1\n");
        JobDefinition job = new TypedJob<string, int, double> { Name = "twice", AsyncMapper = () => new Halves(), Reducer = () => new Twice() }.Define();
        MapReduceException error = Assert.Throws<MapReduceException>(() => JobFolder.Run(_folder.Request(job)));
        Assert.Equal(JobFailure.UserCode, error.Failure);
        Assert.Contains("once", error.Message, StringComparison.Ordinal);
        _folder.AssertNothingIsLeft();
    }

    [Fact]
    public void Codecs_KeepTheOrder()
    {
        AssertOrdered(Codecs.Longs, long.MinValue, -1, 0, 1, long.MaxValue);
        AssertOrdered(Codecs.Ints, int.MinValue, -1, 0, 1, int.MaxValue);
        AssertOrdered(Codecs.Doubles, double.NegativeInfinity, -1.5, -1e-300, 0, 1e-300, 2, double.PositiveInfinity);
        AssertOrdered(Codecs.Text, "", "a", "é", "ﬀ", "𝒜");
    }

    private static void AssertOrdered<T>(ICodec<T> codec, params T[] values)
    {
        byte[][] bytes = [.. values.Select(value =>
        {
            System.Buffers.ArrayBufferWriter<byte> to = new();
            codec.Write(value, to);
            Assert.Equal(value, codec.Read(to.WrittenSpan));
            return to.WrittenSpan.ToArray();
        })];
        Assert.All(bytes.Zip(bytes.Skip(1)), pair => Assert.True(pair.First.AsSpan().SequenceCompareTo(pair.Second) < 0, $"{typeof(T)}: {Encoding.UTF8.GetString(pair.First)}"));
    }

    private sealed class Halves : IAsyncMapper<string, int, double>
    {
        public async ValueTask MapAsync(string record, IMapContext<int, double> context)
        {
            int number = int.Parse(record);
            await Task.Yield();
            context.Emit(-number, number / 2.0);
        }
    }

    private sealed class Writer : IReducer<int, double>
    {
        public void Reduce(int key, IEnumerable<double> values, IReduceContext context) => context.Write(key, values.Single());
    }

    private sealed class Twice : IReducer<int, double>
    {
        public void Reduce(int key, IEnumerable<double> values, IReduceContext context) => context.Write(values.Count(), values.Count());
    }
}
