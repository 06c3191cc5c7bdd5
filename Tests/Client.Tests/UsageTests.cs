using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly ClientHarness _client = new();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("put")]
    [InlineData("put k")]
    [InlineData("put k v w")]
    [InlineData("get k --jsn")]
    [InlineData("cas k x v")]
    [InlineData("cas k -1 v")]
    [InlineData("scan --limit x")]
    [InlineData("scan --limit -1")]
    [InlineData("get k --gateway nonsense")]
    [InlineData("get k --gateway a:99999")]
    [InlineData("get k --timeout 0")]
    [InlineData("get k --timeout soon")]
    [InlineData("node")]
    [InlineData("node frob")]
    [InlineData("node list --http x")]
    [InlineData("workload --clients 2")]
    [InlineData("workload --history /tmp/h --mix get=x")]
    [InlineData("workload --history /tmp/h --mix get=0")]
    [InlineData("workload --history /tmp/h --clients 0")]
    [InlineData("workload --history /tmp/h --attempt-timeout 0")]
    [InlineData("bench --op frob")]
    [InlineData("bench")]
    [InlineData("bench --op put --batch maybe")]
    public async Task WrongUsage_Ends2WithOneLine_AndDoesNothing(string line)
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync(line.Split(' ')));
        Assert.Single(_client.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("error: ", _client.Error, StringComparison.Ordinal);
        Assert.Empty(_client.Cluster.Connects);
        Assert.Equal("", _client.Out);
    }

    [Theory]
    [InlineData("--help", "transfer-leader")]
    [InlineData("put --help", "put greeting hello")]
    [InlineData("node stop --help", "--abrupt")]
    [InlineData("bench -h", "--value-bytes")]
    public async Task Help_ShowsCommandsOptionsAndExamples(string line, string expected)
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync(line.Split(' ')));
        Assert.Contains(expected, _client.Out, StringComparison.Ordinal);
        Assert.Equal("", _client.Error);
    }

    [Fact]
    public void CheckUtf8_Refuses_WhatTheShellPassedAsLoneBytes()
    {
        byte[] commandLine = [.. "dotnet\0put\0k\0a"u8, 0xff, 0];
        ClientException e = Assert.Throws<ClientException>(() => ShellArguments.CheckUtf8(["put", "k", "a\uFFFD"], () => commandLine));
        Assert.Equal(ExitCode.Usage, e.ExitCode);
        Assert.Contains(@"a\xff", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckUtf8_Accepts_ARealReplacementCharacter() =>
        ShellArguments.CheckUtf8(["put", "k", "\uFFFD"], () => [.. "put\0k\0\uFFFD\0"u8]);

    [Fact]
    public void CheckUtf8_DoesNotReadTheCommandLine_WhenNothingIsSuspect() =>
        ShellArguments.CheckUtf8(["put", "k", "ü"], () => throw new InvalidOperationException("not needed"));

    [Fact]
    public void ToBytes_Refuses_HalfASurrogatePair() =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<ClientException>(() => ShellArguments.ToBytes("a\ud800")).ExitCode);

    [Theory]
    [InlineData("127.0.0.1:30001", "127.0.0.1", 30001)]
    [InlineData("[::1]:2", "::1", 2)]
    [InlineData("host.example:65535", "host.example", 65535)]
    public void Endpoint_Reads(string text, string host, int port)
    {
        Assert.True(Endpoint.TryParse(text, out Endpoint endpoint, out _));
        Assert.Equal(new Endpoint(host, port), endpoint);
        Assert.Equal(text, endpoint.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData(":1")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    [InlineData("::1:2")]
    [InlineData("a b:1")]
    public void Endpoint_Refuses(string text) => Assert.False(Endpoint.TryParse(text, out _, out _));
}
