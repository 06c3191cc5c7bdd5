using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly ClientHarness _client = new();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Put_Stores()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("put", "k", "v"));
        Assert.Equal("v", _client.Store["k"]);
        Assert.Equal("ok, version 1\n", _client.Out);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-5")]
    [InlineData("@file")]
    [InlineData("/h")]
    [InlineData("/?")]
    [InlineData("a=b:c")]
    [InlineData("two words")]
    [InlineData("[x]")]
    [InlineData("put")]
    public async Task Put_StoresExactly_WhateverTheValueLooksLike(string value)
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("put", "k", value));
        Assert.Equal(value, _client.Store["k"]);
    }

    [Fact]
    public async Task Put_StoresOptionLikeWords_AfterTwoDashes()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("put", "--", "--json", "--help"));
        Assert.Equal("--help", _client.Store["--json"]);
    }

    [Fact]
    public async Task Put_PrintsKeyAndVersion_AsJson()
    {
        await _client.RunAsync("put", "k", "v", "--json");
        Assert.Equal("""{"key":"k","version":1}""" + "\n", _client.Out);
    }

    [Fact]
    public async Task Append_AddsToTheEnd()
    {
        await _client.RunAsync("append", "k", "a;");
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("append", "k", "b;"));
        Assert.Equal("a;b;", _client.Store["k"]);
    }

    [Fact]
    public async Task Get_ReadsFromTheNodeThatIsNamed()
    {
        _client.Store["k"] = "v";
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("get", "k", "--from", "n2"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("get", "k"));
        Assert.Equal(["n2"], _client.Cluster.ReadFrom);
        Assert.Equal("v\nv\n", _client.Out);
    }

    [Fact]
    public async Task Get_PrintsTheBytesAndALineEnd_InAPipe()
    {
        _client.Store.SetBytes("k", [0x1b, (byte)'[', 0xff]);
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("get", "k"));
        Assert.Equal([0x1b, (byte)'[', 0xff, (byte)'\n'], _client.OutBytes);
    }

    [Fact]
    public async Task Get_PrintsNothingElse_WhenRaw()
    {
        _client.Store.SetBytes("k", [0, 1, 2]);
        await _client.RunAsync("get", "k", "--raw");
        Assert.Equal([0, 1, 2], _client.OutBytes);
    }

    [Fact]
    public async Task Get_EscapesControlCharacters_OnATerminal()
    {
        using ClientHarness client = new(isTerminal: true);
        client.Store["k"] = "a\x1b[31mb";
        await client.RunAsync("get", "k");
        Assert.StartsWith("a\\x1b[31mb\n", client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Ends3_WhenThereIsNoSuchKey()
    {
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync("get", "k"));
        Assert.Equal("", _client.Out);
        Assert.Equal("error: no key \"k\"\n", _client.Error);
    }

    [Fact]
    public async Task Get_PrintsFoundValueAndVersion_AsJson()
    {
        _client.Store["k"] = "ü\"\n";
        await _client.RunAsync("get", "k", "--json");
        await _client.RunAsync("get", "none", "--json");
        Assert.Equal(
            """{"key":"k","found":true,"value":"ü\"\n","version":1}""" + "\n"
            + """{"key":"none","found":false,"value":null,"version":0}""" + "\n",
            _client.Out);
    }

    [Fact]
    public async Task Get_PrintsBase64_AsJsonWhenTheValueIsNoText()
    {
        _client.Store.SetBytes("k", [0xff, 0xfe]);
        await _client.RunAsync("get", "k", "--json");
        JsonElement line = Assert.Single(_client.JsonLines());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("value").ValueKind);
        Assert.Equal([0xff, 0xfe], line.GetProperty("valueBase64").GetBytesFromBase64());
    }

    [Fact]
    public async Task Del_RemovesAndThenEnds3()
    {
        _client.Store["k"] = "v";
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("del", "k", "--json"));
        Assert.Null(_client.Store["k"]);
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync("del", "k", "--json"));
        Assert.Equal("""{"key":"k","deleted":true}""" + "\n" + """{"key":"k","deleted":false}""" + "\n", _client.Out);
    }

    [Fact]
    public async Task Cas_Sets_WhenTheVersionIsTheExpectedOne()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("cas", "k", "0", "a"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("cas", "k", "1", "b", "--json"));
        Assert.Equal("b", _client.Store["k"]);
        Assert.Contains("""{"key":"k","succeeded":true,"version":2}""", _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cas_Ends3AndNamesTheVersion_WhenItIsAnother()
    {
        _client.Store["k"] = "a";
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync("cas", "k", "7", "b"));
        Assert.Equal("a", _client.Store["k"]);
        Assert.Equal("error: not set: \"k\" has version 1, not 7\n", _client.Error);
    }

    [Fact]
    public async Task Scan_PagesUpToTheLimit_AndSaysHowToGoOn()
    {
        for (int i = 0; i < 2500; i++) _client.Store[$"p{i:d4}"] = "v";
        _client.Store["q"] = "other";
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("scan", "--prefix", "p", "--limit", "2001", "--json"));
        JsonElement[] lines = _client.JsonLines();
        Assert.Equal(2002, lines.Length);
        Assert.Equal("p2000", lines[2000].GetProperty("key").GetString());
        string token = lines[2001].GetProperty("continuation").GetString()!;

        Assert.Equal(ExitCode.Ok, await _client.RunAsync("scan", "--prefix", "p", "--limit", "0", "--continue", token, "--json"));
        Assert.Equal(2002 + 499, _client.JsonLines().Length);
        Assert.Equal("p2499", _client.JsonLines()[^1].GetProperty("key").GetString());
    }

    [Fact]
    public async Task Scan_PrintsOneLineAKey_EvenWhenValuesHoldLineEnds()
    {
        _client.Store["a"] = "1\n2\tx";
        _client.Store["b"] = "3";
        await _client.RunAsync("scan", "--from", "a", "--to", "b");
        Assert.Equal("a\t1\\n2\\tx\n", _client.Out);
    }

    [Fact]
    public async Task Status_ShowsReplicas_AndThoseThatDoNotAnswer()
    {
        _client.Cluster.Replicas.AddRange([FakeCluster.Replica("n1", "Leader"), new ReplicaReport("g1", "n2", null, "no answer within 1 s")]);
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("status"));
        Assert.Contains("Leader", _client.Out, StringComparison.Ordinal);
        Assert.Contains("Unreachable", _client.Out, StringComparison.Ordinal);
        Assert.Contains("no answer within 1 s", _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_ShowsEveryGroup_EachUnderItsName()
    {
        foreach (string group in (string[])["ctl", "g1", "g2"])
        {
            ReplicaReport replica = FakeCluster.Replica("n1", "Leader");
            _client.Cluster.Replicas.Add(replica with { Group = group, Status = replica.Status! with { Group = group } });
        }

        await _client.RunAsync("status");
        foreach (string group in (string[])["ctl", "g1", "g2"]) Assert.Contains($"| {group} ", _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_PrintsOneObjectAReplica_AsJson()
    {
        _client.Cluster.Replicas.AddRange([FakeCluster.Replica("n1", "Leader", term: 7, commit: 9, applied: 8), new ReplicaReport("g1", "n2", null, "gone")]);
        await _client.RunAsync("status", "--json");
        JsonElement[] lines = _client.JsonLines();
        Assert.Equal(2, lines.Length);
        Assert.Equal("Leader", lines[0].GetProperty("role").GetString());
        Assert.Equal(7, lines[0].GetProperty("term").GetInt64());
        Assert.Equal(9, lines[0].GetProperty("commitIndex").GetInt64());
        Assert.Equal(8, lines[0].GetProperty("appliedIndex").GetInt64());
        Assert.Equal("Unreachable", lines[1].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Status_Ends1_WhenNoReplicaAnswers()
    {
        _client.Cluster.Replicas.Add(new ReplicaReport("g1", "n1", null, "gone"));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("status"));
    }

    [Fact]
    public async Task TransferLeader_SaysWhyNot()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("transfer-leader", "g1", "n2"));
        _client.Cluster.TransferProblem = "n2 is too far behind";
        Assert.Equal(ExitCode.Error, await _client.RunAsync("transfer-leader", "g1", "n2"));
        Assert.Equal("error: g1 is not led by n2: n2 is too far behind\n", _client.Error);
    }

    [Fact]
    public async Task Node_StopsStartsAndLists()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "stop", "n2", "--abrupt", "--http", "localhost:9000"));
        Assert.Equal(new Endpoint("localhost", 9000), _client.NodeEndpoint);
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "stop", "n3"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "start", "n2"));
        Assert.Equal(["stop n2 abrupt", "stop n3 graceful", "start n2"], _client.Nodes.Calls);
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "list", "--json"));
        Assert.EndsWith(
            """{"node":"n2","state":"Stopped","gateway":"127.0.0.1:30001","siloPort":11111,"dataDirectory":"data","detail":null}""" + "\n",
            _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_SaysDidNotHappen_WhenItSurelyDidNot()
    {
        _client.Store.Before = (_, _) => ClientHarness.Failure(OperationOutcome.DidNotHappen);
        Assert.Equal(ExitCode.Error, await _client.RunAsync("put", "k", "v"));
        Assert.Equal("error: the deadline of 10 s passed (it did not happen)\n", _client.Error);
    }

    [Fact]
    public async Task Write_SaysOutcomeUnknown_WhenItMayHaveHappened()
    {
        _client.Store.After = (_, _) => ClientHarness.Failure(OperationOutcome.Unknown, "the deadline\nof 10 s passed.");
        Assert.Equal(ExitCode.Error, await _client.RunAsync("append", "k", "v"));
        Assert.StartsWith("error: the deadline of 10 s passed (outcome unknown:", _client.Error, StringComparison.Ordinal);
        Assert.Single(_client.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Command_EndsInOneLine_WhenNoClusterAnswers()
    {
        _client.Cluster.ConnectFailure = new ClientException("no Quorleans cluster at 127.0.0.1:30001");
        Assert.Equal(ExitCode.Error, await _client.RunAsync("get", "k"));
        Assert.Equal("error: no Quorleans cluster at 127.0.0.1:30001\n", _client.Error);
    }

    [Fact]
    public async Task GlobalOptions_ReachTheConnection()
    {
        await _client.RunAsync("--gateway", "a:1,[::1]:2", "--timeout", "2.5", "get", "k");
        ConnectOptions options = Assert.Single(_client.Cluster.Connects);
        Assert.Equal("a:1,[::1]:2", options.Gateways);
        Assert.Equal(TimeSpan.FromSeconds(2.5), options.Timeout);
    }
}
