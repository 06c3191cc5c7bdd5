using System.Text.Json;
using Quorleans.Client.Tests.Fakes;
using Quorleans.MapReduce;

namespace Quorleans.Client.Tests;

public sealed class MapReduceCommandTests : IDisposable
{
    private readonly ClientHarness _client = new();
    private readonly string _root = Path.Combine(Path.GetTempPath(), $"quorleans-mr-{Guid.NewGuid():n}");

    public MapReduceCommandTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "in"));
        File.WriteAllText(In("a.txt"), "one two two\nthree three three\n");
    }

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task WordCount_RunsWithoutACluster()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("--app", "wordcount", "--reducers", "1"));
        Assert.Equal("one 1\nthree 3\ntwo 2\n", File.ReadAllText(Path.Combine(Out, "mr-out-0")));
        Assert.Contains("6 pairs, 3 keys", _client.Out, StringComparison.Ordinal);
        Assert.Empty(_client.Cluster.Connects);
        AssertNothingTemporary(Out);
    }

    [Fact]
    public async Task Json_IsOneObjectPerJob()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("--app", "grep", "--arg", "pattern=two", "--json"));
        JsonElement line = Assert.Single(_client.JsonLines());
        Assert.Equal((1, 1), (line.GetProperty("outputRecords").GetInt32(), line.GetProperty("counters").GetProperty("matches").GetInt32()));
    }

    [Fact]
    public async Task ExistingOutput_IsRefused_OrOverwritten()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "mine"), "");
        Assert.Equal(ExitCode.Error, await RunAsync("--app", "wordcount"));
        Assert.Contains("exists", _client.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Out, "mine")));
        AssertNothingTemporary(Out);

        Assert.Equal(ExitCode.Ok, await RunAsync("--app", "wordcount", "--overwrite"));
        Assert.False(File.Exists(Path.Combine(Out, "mine")));
        AssertNothingTemporary(Out);
    }

    [Theory]
    [InlineData("--app nope", "there is no application 'nope'")]
    [InlineData("--app missing.dll", "does not exist")]
    [InlineData("--app grep", "needs the argument pattern")]
    [InlineData("--app sort --arg recrd=100", "knows no argument recrd")]
    [InlineData("--app sort --arg record=x", "must be a whole number")]
    [InlineData("--app grep --arg pattern=( --arg regex=true", "no regular expression")]
    [InlineData("--app wordcount --arg x", "NAME=VALUE")]
    [InlineData("--app wordcount --reducers 0", "--reducers")]
    public async Task WrongUsage_Ends2_AndLeavesNothing(string options, string message)
    {
        Assert.Equal(ExitCode.Usage, await RunAsync(options.Split(' ')));
        Assert.Contains(message, _client.Error, StringComparison.Ordinal);
        AssertNothingTemporary();
    }

    [Fact]
    public async Task MissingInput_Ends1()
    {
        Assert.Equal(ExitCode.Error, await _client.RunAsync("mr", "run", "--local", "--app", "wordcount", "--input", In("*.none"), "--output", Out));
        Assert.Contains("matches no file", _client.Error, StringComparison.Ordinal);
        AssertNothingTemporary();
    }

    [Fact]
    public async Task ApplicationOfAnAssembly_IsFoundByItsType_AndItsFailureNamesTheRecord()
    {
        string assembly = typeof(MapReduceCommandTests).Assembly.Location;
        Assert.Equal(ExitCode.Usage, await RunAsync("--app", assembly));
        Assert.Contains($"{nameof(FailingApplication)}", _client.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Error, await RunAsync("--app", $"{assembly}:{nameof(FailingApplication)}"));
        Assert.Contains($"the record at byte 12 of {In("a.txt")}: FormatException: three", _client.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, await RunAsync("--app", $"{assembly}:{nameof(FailingApplication)}", "--max-bad-records", "1"));
        Assert.Contains("skipped as bad: 1", _client.Out, StringComparison.Ordinal);
        AssertNothingTemporary(Out);
    }

    [Fact]
    public async Task Interrupt_Ends130_AndLeavesNothing()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AppContext.SetData(BlockingApplication.Started, started);
        using Interrupts interrupts = Interrupts.None();
        Task<int> run = _client.Application.RunCommandAsync(
            ["mr", "run", "--local", "--app", $"{typeof(MapReduceCommandTests).Assembly.Location}:{nameof(BlockingApplication)}", "--input", In("*"), "--output", Out], interrupts);
        await Task.WhenAny(started.Task, run);
        Assert.True(interrupts.Interrupt());
        Assert.Equal(ExitCode.Interrupted, await run);
        Assert.Contains("interrupted", _client.Error, StringComparison.Ordinal);
        AssertNothingTemporary();
    }

    private string Out => Path.Combine(_root, "out");

    private string In(string name) => Path.Combine(_root, "in", name);

    private Task<int> RunAsync(params string[] options) => _client.RunAsync(["mr", "run", "--local", "--input", In("*.txt"), "--output", Out, .. options]);

    private void AssertNothingTemporary(params string[] besides) =>
        Assert.Equal([Path.Combine(_root, "in"), .. besides], Directory.EnumerateFileSystemEntries(_root).Order(StringComparer.Ordinal));
}

/// <summary>Fails on the second line.</summary>
public sealed class FailingApplication : IMapReduceApplication, IUtf8Mapper
{
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments) => [JobDefinition.Create("failing", static () => new FailingApplication())];

    public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
    {
        context.Emit(record, default);
        if (record.StartsWith("three"u8)) throw new FormatException("three");
    }
}

/// <summary>Says that it runs, and goes on until it is cancelled.</summary>
public sealed class BlockingApplication : IMapReduceApplication, IUtf8Mapper
{
    public const string Started = "Quorleans.Tests.JobStarted";

    public IReadOnlyList<JobDefinition> Define(JobArguments arguments) => [JobDefinition.Create("blocking", static () => new BlockingApplication())];

    public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
    {
        // The application lives in a context of assemblies of its own, with statics of its own.
        ((TaskCompletionSource)AppContext.GetData(Started)!).TrySetResult();
        context.Cancellation.WaitHandle.WaitOne();
        context.Cancellation.ThrowIfCancellationRequested();
    }
}
