using System.Text;
using CsCheck;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class RecordReaderTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachLine_IsInOneSplit_WhereverSplitsAreCut() =>
        Gen.Select(Gen.String[Gen.Char["ab\n\n"], 1, 200], Gen.Int[1, 40]).Sample((text, splitBytes) =>
        {
            string path = _folder.Add("lines", text);
            string[] lines = text.Split('\n');
            if (text.EndsWith('\n')) lines = lines[..^1];
            Assert.Equal(lines, ReadAll(path, RecordFormats.Lines, splitBytes).Select(Encoding.UTF8.GetString));
        }, iter: 400, threads: 1);

    [Fact]
    public void Blocks_TogetherAreTheFile_AndEndAtLines() =>
        Gen.Select(Gen.String[Gen.Char["ab\n\n"], 1, 200], Gen.Int[1, 40]).Sample((text, splitBytes) =>
        {
            string path = _folder.Add("blocks", text);
            List<byte[]> blocks = ReadAll(path, RecordFormats.LineBlocks, splitBytes);
            Assert.Equal(text, string.Concat(blocks.Select(Encoding.UTF8.GetString)));
            Assert.All(blocks.SkipLast(1), block => Assert.Equal((byte)'\n', block[^1]));
        }, iter: 400, threads: 1);

    [Fact]
    public void FixedSizeRecords_AreNeverCut()
    {
        string path = _folder.Add("fixed", [.. Enumerable.Range(0, 700).Select(i => (byte)(i / 7))]);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => Enumerable.Repeat((byte)i, 7).ToArray()), ReadAll(path, RecordFormats.FixedSize(7), 50));
    }

    [Fact]
    public void FixedSizeRecord_ThatIsCutOff_IsAClearError()
    {
        string path = _folder.Add("fixed", new byte[20]);
        MapReduceException error = Assert.Throws<MapReduceException>(() => ReadAll(path, RecordFormats.FixedSize(7), 1000));
        Assert.Equal(JobFailure.Input, error.Failure);
        Assert.Contains("byte 14", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WholeFiles_AreOneRecordEach()
    {
        string path = _folder.Add("whole", new byte[3_000_000]);
        Assert.Equal(3_000_000, Assert.Single(ReadAll(path, RecordFormats.WholeFiles, 1000)).Length);
    }

    [Fact]
    public void SmallFiles_AreReadByFewTasks()
    {
        string[] files = [.. Enumerable.Range(0, 1000).Select(i => _folder.Add($"f{i:0000}", $"line {i}\n"))];
        IReadOnlyList<InputSplit> splits = InputPlanner.Plan(files, RecordFormats.Lines, slots: 2);
        Assert.InRange(splits.Count, 1, 8);
        Assert.Equal(files, splits.SelectMany(split => split.Ranges).Select(range => range.Path));
    }

    private static List<byte[]> ReadAll(string path, IRecordFormat format, int splitBytes)
    {
        List<byte[]> records = [];
        using RecordReader reader = new(format, 64 << 20, default);
        foreach (FileRange range in InputPlanner.Plan([path], format, 1, splitBytes).SelectMany(split => split.Ranges))
        {
            reader.Open(range);
            while (reader.TryRead(out ReadOnlySpan<byte> record)) records.Add(record.ToArray());
        }

        return records;
    }
}
