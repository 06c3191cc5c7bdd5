using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

/// <summary>What is known of an attempt whose process is gone, and what the next attempt does with it.</summary>
public sealed class RecordMarkTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mark_NamesTheRecordThatIsMapped_InTheOtherProcessToo()
    {
        string first = _folder.Add("a", "one\ntwo\n");
        string second = _folder.Add("b ö", "three\nfour\n");
        string file = Path.Combine(_folder.Root, "mark");
        using RecordMark other = RecordMark.Create(file);
        using RecordMark mark = RecordMark.OpenExisting(file);
        File.Delete(file);
        List<RecordAddress?> seen = [];
        Map([first, second], new BadRecords(0), [], mark, _ => seen.Add(other.Record));
        Assert.Equal([new(first, 0), new(first, 4), new(second, 0), new(second, 6)], seen);
        Assert.Null(other.Record);
    }

    [Fact]
    public void Mark_IsAtNoRecord_WhileARunIsWritten()
    {
        string path = _folder.Add("a", string.Concat(Enumerable.Range(0, 100).Select(i => $"{i}\n")));
        using RecordMark mark = RecordMark.Create(Path.Combine(_folder.Root, "mark"));
        List<RecordAddress?> combining = [];
        List<RecordAddress?> mapping = [];
        JobDefinition job = JobDefinition.Create("watched", () => new Watched(_ => mapping.Add(mark.Record))) with { Combiner = () => new Combiner(() => combining.Add(mark.Record)) };
        new MapAttempt(Settings(job, new BadRecords(0), [], mark) with { MemoryBytes = 1000 }, new WorkFiles(_folder.Root), new JobProgress()).Run(Split(path), CancellationToken.None);
        Assert.NotEmpty(combining);
        Assert.All(combining, Assert.Null);
        Assert.Equal(100, mapping.OfType<RecordAddress>().Distinct().Count());
    }

    [Fact]
    public void Activity_Changes_WithEveryRecordAndEveryValue()
    {
        _folder.Add("a", "one\ntwo\none\n");
        using RecordMark mark = RecordMark.Create(Path.Combine(_folder.Root, "mark"));
        List<(long, long)> looks = [];
        MapResult map = Map(_folder.Files, new BadRecords(0), [], mark, _ => looks.Add(mark.Activity));
        JobDefinition job = JobDefinition.Create("watched", () => new Watched(_ => { }), () => new Reducer(() => looks.Add(mark.Activity)));
        ReduceSettings settings = new() { Definition = job, Arguments = new(), MemoryBytes = 1 << 20, Durable = false, Watch = mark };
        new ReduceAttempt(settings, new WorkFiles(_folder.Root), new JobProgress()).Run(0, map.Runs, Path.Combine(_folder.Root, "reduced"), CancellationToken.None);
        Assert.Equal(6, looks.Count);
        Assert.Equal(6, looks.Distinct().Count());
    }

    [Fact]
    public void SkippedRecords_AreNotMapped_AndCountedAsBadOnce()
    {
        string path = _folder.Add("a", "one\ntwo\nthree\n");
        string other = _folder.Add("b", "one\ntwo\nthree\n");
        BadRecords bad = new(2);
        List<string> mapped = [];
        MapResult result = Map([path, other], bad, [(path, 4), (other, 8), ("/elsewhere", 0), (other, 3)], null, record => mapped.Add(record));
        Assert.Equal(["one", "three", "one", "two"], mapped);
        Assert.Equal((2, 4), (bad.Count, result.Records));
        Assert.Contains($"the record at byte 4 of {path}: it ended the process", bad.Places[0], StringComparison.Ordinal);
    }

    [Fact]
    public void SkippedRecords_CountAgainstTheLimit()
    {
        string path = _folder.Add("a", "one\ntwo\n");
        MapReduceException error = Assert.Throws<MapReduceException>(() => Map([path], new BadRecords(1), [(path, 0), (path, 4)], null, _ => { }));
        Assert.Equal(JobFailure.UserCode, error.Failure);
        Assert.Contains("more than 1 bad records", error.Message, StringComparison.Ordinal);
    }

    private MapResult Map(IReadOnlyList<string> paths, BadRecords bad, HashSet<(string, long)> skip, RecordMark? mark, Action<string> seen)
    {
        JobDefinition job = JobDefinition.Create("watched", () => new Watched(seen));
        return new MapAttempt(Settings(job, bad, skip, mark), new WorkFiles(_folder.Root), new JobProgress()).Run(Split([.. paths]), CancellationToken.None);
    }

    private static MapSettings Settings(JobDefinition job, BadRecords bad, HashSet<(string, long)> skip, RecordMark? mark) => new()
    {
        Definition = job, Arguments = new(), Partitions = 1, Partitioner = HashPartitioner.Instance, MemoryBytes = 1 << 20, MaxRecordBytes = 1 << 20,
        BadRecords = bad, Skip = skip, Watch = mark,
    };

    private static InputSplit Split(params string[] paths) => new([.. paths.Select(path => new FileRange(path, 0, new FileInfo(path).Length))]);

    private sealed class Watched(Action<string> seen) : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            seen(System.Text.Encoding.UTF8.GetString(record));
            context.Emit(record, "1"u8);
        }
    }

    private sealed class Combiner(Action called) : IUtf8Combiner
    {
        public void Combine(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8CombineOutput output)
        {
            called();
            while (values.MoveNext()) output.Emit(values.Current);
        }
    }

    private sealed class Reducer(Action called) : IUtf8Reducer
    {
        public void Reduce(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8ReduceContext context)
        {
            while (values.MoveNext()) called();
        }
    }
}
