using System.Text;
using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

/// <summary>Whatever goes wrong: the right output, or a clear failure with nothing left behind.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void FailingMapper_EndsTheJob_AndItsRecordIsNamed(int slots)
    {
        string path = _folder.Add("a", "good\ngood\nbad\ngood\n");
        MapReduceException error = Fails(_folder.Request(Fragile()) with { Slots = slots, SplitBytes = 4 });
        Assert.Equal(JobFailure.UserCode, error.Failure);
        Assert.Contains($"the record at byte 10 of {path}: FormatException: bad", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    [InlineData(101, true)]
    public void BadRecords_AreSkippedUpToTheLimit_ExactlyAndWithoutTheirPairs(int allowed, bool succeeds)
    {
        _folder.Add("a", string.Concat(Enumerable.Range(0, 1000).Select(i => i % 10 == 3 ? "bad\n" : "good\n")));
        JobRequest request = _folder.Request(Fragile()) with { MaxBadRecords = allowed, SplitBytes = 100, Reducers = 1, Slots = 4 };
        if (!succeeds)
        {
            Assert.Contains("more than 99 bad records", Fails(request).Message, StringComparison.Ordinal);
            return;
        }

        JobReport report = JobFolder.Run(request)[0];
        Assert.Equal((100, 900), (report.BadRecords, report.Records));
        Assert.Equal(900, _folder.Lines.Length);
        Assert.Equal(900, report.Counters["seen"]);
        Assert.Equal(100, report.BadRecordPlaces.Distinct().Count());
    }

    [Fact]
    public void FailingReducer_EndsTheJob_AndItsKeyIsNamed()
    {
        _folder.Add("a", "x y");
        JobDefinition job = JobDefinition.Create("failing", static () => new WordMapper(), static () => new FailingReducer());
        MapReduceException error = Fails(_folder.Request(job));
        Assert.Equal(JobFailure.UserCode, error.Failure);
        Assert.Contains("\"x\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PartitionerOutOfRange_IsNamed()
    {
        _folder.Add("a", "x");
        JobDefinition job = JobDefinition.Create("astray", static () => new WordMapper()) with { Partitioner = new Astray() };
        Assert.Contains("partition 10 of 10", Fails(_folder.Request(job)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    public void DiskFull_IsAClearFailure_WhereverItHappens(int writes)
    {
        byte[] data = new byte[100 * 20_000];
        new Random(4).NextBytes(data);
        _folder.Add("records", data);
        JobRequest request = _folder.Request(new Sort(), ("record", "100")) with { MemoryBytes = 100_000, Slots = 2 };
        MapReduceException error = Fails(request, folder => new FullDisk(folder, writes));
        Assert.Equal(JobFailure.DiskFull, error.Failure);
        Assert.Contains("no space left", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryDamagedByte_OfARun_IsNoticed_OrHarmless()
    {
        WorkFiles files = new(_folder.Root);
        using RunWriter writer = new(files, files.NewPath("run"), 2);
        for (int partition = 0; partition < 2; partition++)
        {
            writer.BeginPartition(partition);
            for (int i = 0; i < 20; i++) writer.Write(Encoding.UTF8.GetBytes($"key-{i / 2:00}"), Encoding.UTF8.GetBytes($"value-{i}"));
        }

        Run run = writer.Finish();
        byte[] good = File.ReadAllBytes(run.Path);
        Assert.Equal(40, Pairs(run));
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x10;
            File.WriteAllBytes(run.Path, bad);
            Assert.Equal(JobFailure.CorruptIntermediate, Assert.Throws<MapReduceException>(() => Pairs(run)).Failure);
        }

        File.WriteAllBytes(run.Path, good[..^1]);
        Assert.Contains("too early", Assert.Throws<MapReduceException>(() => Pairs(run)).Message, StringComparison.Ordinal);

        // Two whole blocks in each other's place.
        int half = good.Length / 2;
        File.WriteAllBytes(run.Path, [.. good[half..], .. good[..half]]);
        Assert.Throws<MapReduceException>(() => Pairs(run));
    }

    [Fact]
    public void DamagedIntermediate_EndsTheJob()
    {
        _folder.Add("a", Corpus.Text(1, 50_000));
        MapReduceException error = Fails(_folder.Request(new InvertedIndex()) with { Slots = 1 }, folder => new Flipping(folder));
        Assert.Equal(JobFailure.CorruptIntermediate, error.Failure);
        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VanishedInput_IsAClearFailure()
    {
        string path = _folder.Add("a", "x");
        JobRequest request = _folder.Request(new WordCount());
        File.Delete(path);
        Assert.Contains(path, Fails(request).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InputThatShrinks_IsAClearFailure()
    {
        string path = _folder.Add("a", Corpus.Text(1, 600_000));
        JobDefinition job = JobDefinition.Create("shrinking", () => new Shrinker(path));
        Assert.Contains("became shorter", Fails(_folder.Request(job)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OutputThatAppearsMeanwhile_IsNotTouched()
    {
        _folder.Add("a", "x");
        JobDefinition job = JobDefinition.Create("racing", () => new Racer(_folder.Output));
        MapReduceException error = Assert.Throws<MapReduceException>(() => JobFolder.Run(_folder.Request(job)));
        Assert.Equal(JobFailure.Output, error.Failure);
        Assert.Equal(["theirs"], Directory.EnumerateFileSystemEntries(_folder.Output).Select(Path.GetFileName));
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void OutputBelowAFile_IsAClearFailure()
    {
        string file = _folder.Add("a", "x");
        JobRequest request = _folder.Request(new WordCount()) with { Output = Path.Combine(file, "out") };
        Assert.Equal(JobFailure.Output, Fails(request).Failure);
    }

    [Fact]
    public void FolderOfAKilledProcess_IsRemoved_ButNotOneInUse()
    {
        _folder.Add("a", "x");
        string abandoned = Path.Combine(_folder.Root, ".out.mr-abandoned");
        string inUse = Path.Combine(_folder.Root, ".out.mr-inuse");
        string another = Path.Combine(_folder.Root, ".outside.mr-x");
        foreach (string folder in (string[])[abandoned, inUse, another])
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "lock"), "");
        }

        using (FileStream held = new(Path.Combine(inUse, "lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            JobFolder.Run(_folder.Request(new WordCount()));
            Assert.Equal((false, true, true), (Directory.Exists(abandoned), Directory.Exists(inUse), Directory.Exists(another)));
        }
    }

    [Fact]
    public void RecordFormatThatStandsStill_IsAClearFailure()
    {
        _folder.Add("a", "x");
        JobDefinition job = JobDefinition.Create("still", static () => new WordMapper()) with { Input = new StandingStill() };
        MapReduceException error = Fails(_folder.Request(job));
        Assert.Equal(JobFailure.UserCode, error.Failure);
        Assert.Contains("record format", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_LeavesNothing()
    {
        _folder.Add("a", Corpus.Text(1, 100_000));
        using CancellationTokenSource cancellation = new();
        JobDefinition job = JobDefinition.Create("cancelled", () => new Canceller(cancellation));
        Assert.ThrowsAny<OperationCanceledException>(() => JobFolder.Run(_folder.Request(job), cancellation: cancellation.Token));
        _folder.AssertNothingIsLeft();
    }

    private MapReduceException Fails(JobRequest request, Func<string, WorkFiles>? files = null)
    {
        MapReduceException error = Assert.Throws<MapReduceException>(() => JobFolder.Run(request, files));
        _folder.AssertNothingIsLeft();
        return error;
    }

    private static JobDefinition Fragile() => JobDefinition.Create("fragile", static () => new FragileMapper());

    private static long Pairs(Run run)
    {
        long pairs = 0;
        for (int partition = 0; partition < run.Segments.Count; partition++)
        {
            using RunReader reader = new(run, partition, withPrefix: true, Engine.Run.LeastReadBytes);
            while (reader.MoveNext()) pairs++;
        }

        return pairs;
    }

    // Emits and counts before it fails: neither may be seen.
    private sealed class FragileMapper : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            context.Emit(record, default);
            context.Count("seen");
            if (record.SequenceEqual("bad"u8)) throw new FormatException("bad");
        }
    }

    private sealed class WordMapper : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            foreach (ReadOnlySpan<byte> word in new LetterTokens(record)) context.Emit(word, "1"u8);
        }
    }

    private sealed class FailingReducer : IUtf8Reducer
    {
        public void Reduce(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8ReduceContext context)
        {
            context.Write(key, default);
            if (key.SequenceEqual("x"u8)) throw new InvalidOperationException("no");
        }
    }

    private sealed class StandingStill : IRecordFormat
    {
        public long Alignment => 1;

        public int LookBehind => 0;

        public bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes)
        {
            recordBytes = consumedBytes = 0;
            return true;
        }
    }

    private sealed class Astray : IPartitioner
    {
        public int Partition(ReadOnlySpan<byte> key, int partitions) => partitions;
    }

    private sealed class Shrinker(string path) : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(1000);
        }
    }

    private sealed class Racer(string output) : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            Directory.CreateDirectory(output);
            File.WriteAllText(Path.Combine(output, "theirs"), "");
        }
    }

    private sealed class Canceller(CancellationTokenSource cancellation) : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            cancellation.Cancel();
            context.Emit(record, default);
        }
    }

    private sealed class FullDisk(string folder, int writes) : WorkFiles(folder)
    {
        private int _left = writes;

        protected override void WriteCore(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            if (Interlocked.Decrement(ref _left) < 0)
            {
                base.WriteCore(file, bytes[..(bytes.Length / 2)], offset);
                throw new IOException("No space left on device", 28);
            }

            base.WriteCore(file, bytes, offset);
        }
    }

    private sealed class Flipping(string folder) : WorkFiles(folder)
    {
        protected override void WriteCore(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            byte[] bad = bytes.ToArray();
            if (bad.Length > 50 && Folder.Contains("work", StringComparison.Ordinal)) bad[50] ^= 1;
            base.WriteCore(file, bad, offset);
        }
    }
}
