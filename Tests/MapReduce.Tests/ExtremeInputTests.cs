using System.Text;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class ExtremeInputTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LineOfAGigabyte_IsCounted_OrRefusedWithItsPlace()
    {
        string path = _folder.Add("long", "short\n");
        using (FileStream file = new(path, FileMode.Append))
        {
            byte[] words = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("word ", 1 << 18)));
            for (long written = 0; written < 1 << 30; written += words.Length) file.Write(words);
        }

        JobFolder.Run(_folder.Request(new WordCount()) with { Reducers = 1 });
        Assert.Equal(["short 1", $"word {((1 << 30) + (1 << 18) * 5 - 1) / ((1 << 18) * 5) * (1L << 18)}"], _folder.Lines);

        MapReduceException error = Assert.Throws<MapReduceException>(() => JobFolder.Run(_folder.Request(new Grep(), ("pattern", "short")) with { Overwrite = true, MaxRecordBytes = 1 << 20 }));
        Assert.Equal(JobFailure.TooLong, error.Failure);
        Assert.Contains($"the record at byte 6 of {path}", error.Message, StringComparison.Ordinal);
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void BytesThatAreNoUtf8_GoThroughUnchanged()
    {
        byte[] lines = [0xff, 0x00, 0xfe, (byte)'\n', 0xc3, (byte)'\n', 0x80, (byte)'\n'];
        _folder.Add("a", lines);
        JobFolder.Run(_folder.Request(new Sort()) with { Reducers = 1 });
        Assert.Equal<byte>([0x80, (byte)'\n', 0xc3, (byte)'\n', 0xff, 0x00, 0xfe, (byte)'\n'], _folder.OutputBytes());
    }

    [Fact]
    public void TenThousandSmallFiles_WithEmptyOnes_AreFewTasks()
    {
        for (int i = 0; i < 10_000; i++) _folder.Add($"f{i:00000}", i % 10 == 0 ? "" : $"word w{(char)('a' + i % 26)}");
        JobReport report = JobFolder.Run(_folder.Request(new WordCount()) with { Reducers = 2 })[0];
        Assert.Contains("word 9000", _folder.Lines);
        Assert.InRange(report.Maps, 1, 10);
        Assert.Equal(10_000, report.InputFiles);
    }

    [Fact]
    public void Combiner_ShrinksWhatIsWritten_AndChangesNothing()
    {
        _folder.Add("a", string.Concat(Enumerable.Repeat("one two two\n", 20_000)));
        JobDefinition with = new Samples.WordCount.WordCount().Define(new JobArguments())[0];
        long combined = JobFolder.Run(_folder.Request(with))[0].SpilledBytes;
        string[] lines = _folder.Lines;
        long plain = JobFolder.Run(_folder.Request(with with { Combiner = null }) with { Overwrite = true })[0].SpilledBytes;
        Assert.Equal(lines, _folder.Lines);
        Assert.True(combined * 100 < plain, $"{combined} bytes with the combiner, {plain} without");
    }
}
