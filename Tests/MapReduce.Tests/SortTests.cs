using System.Text;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class SortTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(128 << 20)]
    [InlineData(100_000)]
    public void FixedRecords_ComeOutInOrder_AlsoWhenTheyDoNotFitIntoMemory(int memory)
    {
        byte[] data = new byte[20_000 * 100];
        new Random(1).NextBytes(data);
        _folder.Add("records", data);
        JobReport report = JobFolder.Run(_folder.Request(new Sort(), ("record", "100")) with { MemoryBytes = memory, SplitBytes = 500_000, Reducers = 4 })[0];
        byte[][] expected = [.. data.Chunk(100)];
        Array.Sort(expected, (a, b) => a.AsSpan().SequenceCompareTo(b));
        Assert.True(expected.SelectMany(record => record).SequenceEqual(_folder.OutputBytes()), "the output is not the sorted input");
        Assert.All(_folder.OutputFiles(), file => Assert.InRange(new FileInfo(file).Length, 300_000, 700_000));
        Assert.Equal(20_000, report.OutputRecords);
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void ManyRuns_AreMergedInPasses()
    {
        byte[] data = new byte[30_000 * 100];
        new Random(2).NextBytes(data);
        _folder.Add("records", data);
        JobReport report = JobFolder.Run(_folder.Request(new Sort(), ("record", "100")) with { MemoryBytes = 20_000, Reducers = 1 })[0];
        byte[][] expected = [.. data.Chunk(100)];
        Array.Sort(expected, (a, b) => a.AsSpan().SequenceCompareTo(b));
        Assert.True(expected.SelectMany(record => record).SequenceEqual(_folder.OutputBytes()), "the output is not the sorted input");
        Assert.True(report.SpilledBytes > 2.9 * data.Length, "150 runs need several passes, eight at a time");
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void PartOfARecord_IsTheKey_AndEqualKeysKeepTheirOrder()
    {
        string[] lines = [.. Enumerable.Range(0, 5000).Select(i => $"{i:0000} {i * 7919 % 10}")];
        _folder.Add("lines", string.Join('\n', lines));
        JobFolder.Run(_folder.Request(new Sort(), ("key", "5:1")) with { Reducers = 3, SplitBytes = 4000 });
        Assert.Equal(lines.OrderBy(line => line[5]), _folder.Lines);
    }

    [Fact]
    public void Lines_AreSortedByBytes()
    {
        string text = Encoding.UTF8.GetString(Corpus.Text(5, 300_000));
        _folder.Add("text", text);
        JobFolder.Run(_folder.Request(new Sort()) with { SplitBytes = 20_000 });
        string[] lines = text.TrimEnd('\n').Split('\n');
        byte[][] expected = [.. lines.Select(Encoding.UTF8.GetBytes)];
        Array.Sort(expected, (a, b) => a.AsSpan().SequenceCompareTo(b));
        Assert.Equal(string.Concat(expected.Select(line => Encoding.UTF8.GetString(line) + "\n")), _folder.OutputText());
    }

    [Fact]
    public void PairsLongerThanTheMemory_AreSortedAmongShortOnes()
    {
        Random random = new(6);
        string[] lines = [.. Enumerable.Range(0, 2000).Select(i => $"{random.Next(100_000):00000}{new string('x', i % 100 == 50 ? 300_000 + i : i % 7)}")];
        _folder.Add("lines", string.Join('\n', lines));
        JobFolder.Run(_folder.Request(new Sort()) with { MemoryBytes = 100_000, Reducers = 3, SplitBytes = 1_000_000 });
        Assert.Equal(lines.Order(StringComparer.Ordinal), _folder.Lines);
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void TasksInMemoryThatOthersLeft_FindNothingOfTheirs()
    {
        _folder.Add("text", Corpus.Text(8, 400_000));
        (IMapReduceApplication, int)[] jobs = [(new Sort(), 1 << 20), (new WordCount(), 1 << 20), (new InvertedIndex(), 50_000), (new Sort(), 30_000), (new WordCount(), 1 << 16)];
        string[] first = [.. jobs.Select(Output)];
        for (int round = 0; round < 3; round++) Assert.Equal(first, jobs.Reverse().Select(Output).Reverse());
        Assert.Equal(first[0], first[3]);
        Assert.Equal(first[1], first[4]);

        string Output((IMapReduceApplication Application, int Memory) job)
        {
            JobFolder.Run(_folder.Request(job.Application) with { MemoryBytes = job.Memory, SplitBytes = 50_000, Slots = 4, Reducers = 3, Overwrite = true });
            return _folder.OutputText();
        }
    }
}
