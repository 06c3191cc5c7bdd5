using System.Text;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class TxnCommandTests : IDisposable
{
    private readonly ClientHarness _client = new();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task ThenBranch_Runs_WhenAllCompare()
    {
        _client.Store["{t}a"] = "1";
        Assert.Equal(ExitCode.Ok, await _client.RunAsync(
            "txn", "--if", "{t}a version = 1", "--if", "{t}b missing", "--if", "{t}a value < 2", "--if", "{t}a exists",
            "--then", "put {t}b 'two words'", "--then", "append {t}a +", "--then", "get {t}a", "--then", "del {t}c", "--else", "get {t}a", "--exit-code"));
        Assert.Equal("two words", _client.Store["{t}b"]);
        Assert.Equal("then\n  put {t}b: ok, version 2\n  append {t}a: ok, version 3\n  get {t}a: \"1+\", version 3\n  del {t}c: no such key\n", _client.Out);
    }

    [Theory]
    [InlineData("{t}a missing")]
    [InlineData("{t}a version != 1")]
    [InlineData("{t}a version > 1")]
    [InlineData("{t}a version < 1")]
    [InlineData("{t}a value = \"other value\"")]
    [InlineData("{t}a value == x")]
    [InlineData("{t}a value > 1")]
    [InlineData("{t}none value != x")]
    [InlineData("{t}none exists")]
    public async Task ElseBranch_Runs_WhenOneDoesNot(string compare)
    {
        _client.Store["{t}a"] = "1";
        string[] command = ["txn", "--if", compare, "--then", "put {t}b 1", "--else", "get {t}b"];
        Assert.Equal(ExitCode.Ok, await _client.RunAsync(command));
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync([.. command, "--exit-code"]));
        Assert.Null(_client.Store["{t}b"]);
        Assert.StartsWith("else (a comparison did not hold)\n  get {t}b: no such key\n", _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Result_IsOneObject_AsJson()
    {
        _client.Store["{t}a"] = "1";
        await _client.RunAsync("txn", "--then", "get {t}a", "--then", "get {t}b", "--then", "put {t}c 1", "--then", "del {t}a", "--json");
        Assert.Equal(
            """{"succeeded":true,"branch":"then","results":[{"op":"get","key":"{t}a","found":true,"value":"1","version":1},"""
            + """{"op":"get","key":"{t}b","found":false,"value":null,"version":0},{"op":"put","key":"{t}c","version":2},{"op":"del","key":"{t}a","found":true}]}""" + "\n",
            _client.Out);
    }

    [Theory]
    [InlineData("--if", "{t}a", "is no comparison; there are: KEY exists")]
    [InlineData("--if", "{t}a ~ 3", "is no comparison")]
    [InlineData("--if", "{t}a version = -1", "a version is a whole number from 0")]
    [InlineData("--if", "{t}a version = x", "'x' is not")]
    [InlineData("--if", "{t}a value = two words", "is no comparison")]
    [InlineData("--then", "put {t}a", "is no operation of a transaction; there are: put KEY VALUE")]
    [InlineData("--then", "scan {t}", "is no operation")]
    [InlineData("--else", "", "is no operation")]
    [InlineData("--else", "put {t}a 'open", "is not closed")]
    [InlineData("--file", "/no/such/file", "cannot be read")]
    public async Task NonsenseIsRefused_AndNothingIsDone(string option, string statement, string problem)
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync("txn", option, statement));
        Assert.Contains(problem, _client.Error, StringComparison.Ordinal);
        Assert.Equal(0, _client.Store.Calls);
    }

    [Fact]
    public async Task Nothing_IsRefused()
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync("txn"));
        Assert.Contains("--then", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StandardInput_HoldsStatementsToo()
    {
        _client.Context.Input = () => new MemoryStream("# transfer\n\nif {t}a missing\nthen put {t}a \"ninety dollars\"   # comment\r\nelse get {t}a\n"u8.ToArray());
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("txn", "--file", "-"));
        Assert.Equal("ninety dollars", _client.Store["{t}a"]);
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync("txn", "--file", "-", "--exit-code"));
    }

    [Theory]
    [InlineData("if {t}a missing\nput {t}a 1\n", "standard input, line 2: 'put' begins no statement; write if, then or else before it")]
    [InlineData("then get\n", "standard input, line 1: 'then get' is no operation")]
    [InlineData("then put k \"open\n", "line 1: 'then put k \"open': the \" at column 12 is not closed")]
    public async Task BadLine_IsNamed(string text, string problem)
    {
        _client.Context.Input = () => new MemoryStream(Encoding.UTF8.GetBytes(text));
        Assert.Equal(ExitCode.Usage, await _client.RunAsync("txn", "--file", "-"));
        Assert.Contains(problem, _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InAScript_StandardInputIsTheScript()
    {
        Assert.Equal(ExitCode.Usage, await _client.ScriptAsync("txn --then \"put {t}a '1 2'\"\ntxn --file -\n"u8.ToArray()));
        Assert.Equal("1 2", _client.Store["{t}a"]);
        Assert.Contains("line 2: standard input is the script itself", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_SaysWhetherItHappened()
    {
        _client.Store.Before = (_, _) => new ClerkException(ClerkError.ManyShards, OperationOutcome.DidNotHappen, "The transaction's keys are in several shards: …");
        Assert.Equal(ExitCode.Error, await _client.RunAsync("txn", "--then", "put a 1", "--then", "put b 1"));
        Assert.Contains("in several shards", _client.Error, StringComparison.Ordinal);
        Assert.Contains("it did not happen", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_HasExamplesThatRun()
    {
        await _client.RunAsync("txn", "--help");
        Assert.Contains("{u7}name", _client.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, await _client.ScriptAsync(
            "txn --if \"{u7}name missing\" --then \"put {u7}name Ann\" --then \"append {u7}log created;\" --else \"get {u7}name\"\n"u8.ToArray()));
        Assert.Equal("Ann", _client.Store["{u7}name"]);
    }

    [Fact]
    public async Task LongValues_ArePrintedWhole()
    {
        _client.Store["a"] = new string('x', 500);
        await _client.RunAsync("txn", "--then", "get a");
        Assert.Contains(new string('x', 500), _client.Out, StringComparison.Ordinal);
        await _client.RunAsync("txn", "--then", "get a", "--json");
        Assert.Equal(500, JsonDocument.Parse(_client.Out.Split('\n')[^2]).RootElement.GetProperty("results")[0].GetProperty("value").GetString()!.Length);
    }
}
