using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class CheckHistoryTests : IDisposable
{
    private readonly ClientHarness _client = new();
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"quorleans-test-{Guid.NewGuid():n}.jsonl");

    public void Dispose()
    {
        _client.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public async Task GoodHistory_Ends0_WithASummary()
    {
        await File.WriteAllTextAsync(_file, Put + Get("\"a;\""));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("check-history", _file));
        Assert.StartsWith("linearizable: 2 operations on 1 key, 0 of them with unknown outcome", _client.Out, StringComparison.Ordinal);
        Assert.Empty(_client.Cluster.Connects);
    }

    [Fact]
    public async Task WorkloadsHistory_IsLinearizable()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("workload", "--history", _file, "--seconds", "1", "--clients", "4", "--keys", "2"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("check-history", _file));
    }

    [Fact]
    public async Task BadHistory_Ends1_AndShowsTheResultThatNothingExplains()
    {
        await File.WriteAllTextAsync(_file, Put + Get("null"));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("check-history", _file));
        Assert.Contains("line 2, client 2: get -> (none)", _client.Out, StringComparison.Ordinal);
        Assert.Single(_client.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Json_IsOneObject()
    {
        await File.WriteAllTextAsync(_file, Put + Get("null"));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("check-history", _file, "--json"));
        Assert.Equal("not-linearizable", Assert.Single(_client.JsonLines()).GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task BudgetThatRunsOut_Ends1()
    {
        string puts = string.Concat(Enumerable.Range(0, 8).Select(i => Line(i, "put", $"\"v{i}\"", "null", 0, 10)));
        await File.WriteAllTextAsync(_file, puts + Line(9, "get", "\"\"", "\"v3\"", 20, 30));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("check-history", _file, "--budget", "2"));
        Assert.Contains("--budget", _client.Error, StringComparison.Ordinal);
        Assert.Equal("", _client.Out);
    }

    [Fact]
    public async Task FileThatIsNoHistory_IsAnErrorThatNamesTheLine()
    {
        await File.WriteAllTextAsync(_file, Put + "{\n");
        Assert.Equal(ExitCode.Error, await _client.RunAsync("check-history", _file));
        Assert.Contains("line 2", _client.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Error, await _client.RunAsync("check-history", _file + ".none"));
    }

    [Theory]
    [InlineData("check-history")]
    [InlineData("check-history f --budget 0")]
    [InlineData("check-history f g")]
    public async Task WrongUsage_Ends2(string line) => Assert.Equal(ExitCode.Usage, await _client.RunAsync(line.Split(' ')));

    private static string Put => Line(1, "put", "\"a;\"", "null", 0, 10);

    private static string Get(string output) => Line(2, "get", "\"\"", output, 20, 30);

    private static string Line(int client, string op, string value, string output, int call, int end) =>
        $$"""{"client":{{client}},"op":"{{op}}","key":"k","value":{{value}},"expected":null,"output":{{output}},"ok":true,"call":{{call}},"return":{{end}}}""" + "\n";
}
