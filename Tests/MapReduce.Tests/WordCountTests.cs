using System.Text.Json;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class WordCountTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(2, 10, 0)]
    [InlineData(4, 10, 10_000)]
    [InlineData(3, 7, 777)]
    public void Output_EqualsTheSequentialOne_ByteForByte(int slots, int reducers, int splitBytes)
    {
        for (int i = 0; i < 8; i++) _folder.Add($"pg-{i}.txt", Corpus.Text(i, i * 20_000));
        IReadOnlyList<JobReport> reports = JobFolder.Run(_folder.Request(new WordCount()) with { Slots = slots, Reducers = reducers, SplitBytes = splitBytes });
        Assert.Equal(Corpus.SequentialWordCount(_folder.Files, reducers), _folder.OutputText());
        Assert.Equal(reducers, _folder.OutputFiles().Length);
        JobReport report = Assert.Single(reports);
        Assert.Equal(_folder.Files.Sum(file => new FileInfo(file).Length), report.InputBytes);
        Assert.Equal(_folder.Lines.Length, report.OutputRecords);
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void LabTexts_EqualTheSequentialOnes_ByteForByte()
    {
        IReadOnlyList<string> files = LabTexts.FindOrMake(_folder.Inputs);
        JobFolder.Run(_folder.Request(new WordCount()) with { Inputs = files });
        Assert.Equal(Corpus.SequentialWordCount(files, 10), _folder.OutputText());
    }

    [Fact]
    public void LittleMemory_SpillsManyRuns_AndChangesNothing()
    {
        for (int i = 0; i < 4; i++) _folder.Add($"{i}", string.Concat(Enumerable.Range(0, 30_000).Select(n => $"{Letters(n)} {Letters(n / 3)} a-word-that-is-longer-than-sixteen-bytes-{Letters(n / 2)}xxxxxxxxxxxxxxxxxx\n")));
        JobReport report = Assert.Single(JobFolder.Run(_folder.Request(new WordCount()) with { MemoryBytes = 1 << 20 }));
        Assert.Equal(Corpus.SequentialWordCount(_folder.Files, 10), _folder.OutputText());
        Assert.True(report.SpilledBytes > 0);
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void Success_IsMarked_AndReported()
    {
        _folder.Add("a", "one two two");
        JobFolder.Run(_folder.Request(new WordCount()) with { Reducers = 1, Durable = true });
        Assert.Equal(["one 1", "two 2"], _folder.Lines);
        Assert.Empty(File.ReadAllBytes(Path.Combine(_folder.Output, "_SUCCESS")));
        JsonElement job = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder.Output, JobReport.FileName))).RootElement.GetProperty("jobs")[0];
        Assert.Equal(("wordcount", 3, 2), (job.GetProperty("job").GetString(), job.GetProperty("pairs").GetInt32(), job.GetProperty("groups").GetInt32()));
    }

    [Fact]
    public void NoInput_GivesEmptyOutputs()
    {
        _folder.Add("empty", "");
        JobFolder.Run(_folder.Request(new WordCount()) with { Reducers = 3 });
        Assert.Equal(3, _folder.OutputFiles().Length);
        Assert.Empty(_folder.OutputBytes());
    }

    private static string Letters(int n) => new([.. n.ToString("D6").Select(digit => (char)('a' + digit - '0'))]);
}
