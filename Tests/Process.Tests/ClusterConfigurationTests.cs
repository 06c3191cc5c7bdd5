using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>What the silo executable says of configurations and options that do not fit: status 2, one line, nothing created.</summary>
public sealed class ClusterConfigurationTests : IDisposable
{
    private const string Good = """{ "cluster": "c", "nodes": [ { "name": "n1", "silo": 20001, "gateway": 20002, "http": 20003, "peer": 20004 } ] }""";
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData(Good, "n7", "no node 'n7'|The nodes are n1")]
    [InlineData("{\n  \"cluster\": \"c\",\n  \"nodes\": [ }", "n1", "line 3")]
    [InlineData("{ \"cluster\": \"c\", \"nodes\": [ { \"name\": \"n1\", \"silo\": 20001, \"gateway\": 20001, \"http\": 20003, \"peer\": 20004 } ] }", "n1", "127.0.0.1:20001 to both \"silo\" of node 'n1' and \"gateway\" of node 'n1'")]
    public async Task Node_Refuses_AWrongConfiguration(string json, string node, string expected)
    {
        string path = Path.Combine(_data.Path, "cluster.json");
        await File.WriteAllTextAsync(path, json);
        await RefusesAsync(["--config", path, "--node", node], expected);
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(_data.Path));
    }

    [Fact]
    public async Task Node_Refuses_OptionsThatDoNotFit()
    {
        string path = Path.Combine(_data.Path, "cluster.json");
        await RefusesAsync(["--config", path, "--node", "n1"], $"'{path}' does not exist");
        await File.WriteAllTextAsync(path, Good);
        await RefusesAsync(["--config", path], "--config needs --node");
        await RefusesAsync(["--node", "n1"], "--node needs --config");
        await RefusesAsync(["--config", path, "--node", "n1", "--http", "8080"], "--http belongs to an embedded cluster");
        ClientRun both = await ClientProcess.RunAsync(Programs.Client, ["get", "k", "--config", path, "--gateway", "127.0.0.1:1"]);
        Assert.Equal(2, both.Status);
        Assert.Contains("--gateway: with --config", both.OneErrorLine, StringComparison.Ordinal);
        ClientRun down = await ClientProcess.RunAsync(Programs.Client, ["get", "k", "--config", path]);
        Assert.Equal(1, down.Status);
        Assert.Contains("127.0.0.1:20002", down.OneErrorLine, StringComparison.Ordinal);
    }

    private static async Task RefusesAsync(string[] arguments, string expected)
    {
        await using ChildProcess silo = await ChildProcess.StartAsync(Programs.Silo, arguments);
        int status = await silo.WaitAsync();
        string line = Assert.Single(silo.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(status == 2, $"Status {status}: {line}");
        foreach (string text in expected.Split('|')) Assert.Contains(text, line, StringComparison.Ordinal);
    }
}
