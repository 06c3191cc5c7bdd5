using System.Text;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

/// <summary>What a job allocates. The whole process is measured, since a job has threads of its own: nothing else may run meanwhile.</summary>
[Collection(Alone)]
public sealed class MemoryTests : IDisposable
{
    private const string Alone = "alone";
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void HotKey_NeedsNoMemoryForItsGroup()
    {
        // 90 % of the records have one key, whose values are 8 MB; a task has 1 MB.
        _folder.Add("a", string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{(i % 10 == 0 ? i : 7):000000} {new string('x', 90)}\n")));
        JobDefinition job = JobDefinition.Create("hot", static () => new ByFirstWord(), static () => new Counting());
        long before = GC.GetTotalAllocatedBytes();
        JobReport report = JobFolder.Run(_folder.Request(job) with { MemoryBytes = 1 << 20, SplitBytes = 2_000_000, Reducers = 4 })[0];
        long allocated = GC.GetTotalAllocatedBytes() - before;
        Assert.Contains("000007 90000", _folder.Lines);
        Assert.Equal(10_001, report.Groups);
        Assert.Equal(100_000, _folder.Lines.Sum(line => int.Parse(line.Split(' ')[1])));
        Assert.True(allocated < 60_000_000, $"{allocated} bytes were allocated for 10 MB of input");
    }

    private sealed class ByFirstWord : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context) => context.Emit(record[..6], record[7..]);
    }

    private sealed class Counting : IUtf8Reducer
    {
        public void Reduce(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8ReduceContext context)
        {
            int count = 0;
            while (values.MoveNext()) count++;
            context.Write(key, Encoding.ASCII.GetBytes(count.ToString()));
        }
    }

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneDefinition;
}
