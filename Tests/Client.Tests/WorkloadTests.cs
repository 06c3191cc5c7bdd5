using System.Text.Json;
using System.Text.RegularExpressions;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed partial class WorkloadTests : IDisposable
{
    private static readonly string[] Members = ["client", "op", "key", "value", "expected", "output", "ok", "call", "return"];
    private readonly ClientHarness _client = new();
    private readonly string _history = Path.Combine(Path.GetTempPath(), $"quorleans-history-{Guid.NewGuid():n}.jsonl");

    public void Dispose()
    {
        _client.Dispose();
        File.Delete(_history);
    }

    [Fact]
    public async Task History_HasExactlyTheMembersOfTheContract()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("--clients", "3", "--keys", "2"));
        Operation[] operations = Read();
        Assert.True(operations.Length > 50);
        Assert.All(operations, operation =>
        {
            Assert.Equal(Members, operation.Json.EnumerateObject().Select(member => member.Name));
            Assert.Matches("^k[01]$", operation.Key);
            Assert.True(operation.Call < operation.Return);
        });
        Assert.Equal(["append", "cas", "delete", "get", "put"], operations.Select(operation => operation.Op).Distinct().Order());
    }

    [Fact]
    public async Task Values_AreUnique_AndEndInTheirOnlySemicolon()
    {
        await RunAsync("--clients", "4", "--keys", "2", "--value-bytes", "40");
        string[] values = [.. Read().Where(operation => operation.Op is "put" or "append" or "cas").Select(operation => operation.Value)];
        Assert.NotEmpty(values);
        Assert.Equal(values.Length, values.Distinct().Count());
        Assert.All(values, value =>
        {
            Assert.Equal(value.Length - 1, value.IndexOf(';', StringComparison.Ordinal));
            Assert.Equal(40, value.Length);
        });
    }

    [Fact]
    public async Task SingleClient_HistoryIsThatOfARegister()
    {
        _client.Store["k0"] = "left by an earlier run";
        await RunAsync("--clients", "1", "--keys", "1");
        Operation[] operations = Read();
        Assert.Equal("delete", operations[0].Op);
        string? state = null;
        foreach (Operation operation in operations)
        {
            Assert.True(operation.Ok);
            switch (operation.Op)
            {
                case "put": state = operation.Value; break;
                case "append": state += operation.Value; break;
                case "delete": state = null; break;
                case "get": Assert.Equal(state, operation.Output); break;
                case "cas":
                    Assert.Equal(state, operation.Expected);
                    state = operation.Value;
                    break;
            }
        }

        Assert.Equal(state, _client.Store["k0"]);
    }

    [Fact]
    public async Task Transactions_AreRecorded_AndTheirHistoryIsLinearizable()
    {
        _client.Store["k{0}1"] = "left by an earlier run";
        int number = 0;
        _client.Store.After = (operation, _) => operation == "txn" && ++number % 25 == 0 ? ClientHarness.Failure(OperationOutcome.Unknown) : null;
        Assert.Equal(ExitCode.Ok, await RunAsync("--clients", "6", "--keys", "6", "--txn", "50", "--json"));
        Operation[] transactions = [.. Read().Where(operation => operation.Op == "txn")];
        Assert.Contains(transactions, operation => operation.Ok is true && operation.Json.GetProperty("then").EnumerateArray().Any(step => step.GetProperty("op").GetString() == "append"));
        Assert.Contains(transactions, operation => operation.Ok is null);
        Assert.All(Read(), operation => Assert.Matches(@"^k\{0}[0-3]$|^k\{1}[45]$", operation.Key));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("check-history", _history, "--json"));
        Assert.Equal(2, _client.JsonLines()[^1].GetProperty("keys").GetInt32());
    }

    [Fact]
    public async Task TransactionThatReadsHalf_MakesAHistoryThatIsNotLinearizable()
    {
        // Somebody else's write, outside of the history, in the middle of each but the first: however few there are in the time, some read it.
        int number = 0;
        _client.Store.Interloper = (operation, _) =>
        {
            if (operation == "txn" && ++number > 1) _client.Store["k{0}1"] = "of nobody;";
        };
        Assert.Equal(ExitCode.Ok, await RunAsync("--clients", "2", "--keys", "2", "--txn", "100"));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("check-history", _history));
        Assert.Contains("are not linearizable", _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cas_IsRecordedWithTheValueFound_WhenItDidNotMatch()
    {
        int number = 0;
        _client.Store.Interloper = (operation, key) =>
        {
            if (operation == "cas") _client.Store[key] = $"interloper {number++};";
        };
        await RunAsync("--clients", "1", "--keys", "1", "--mix", "cas=1");
        Operation[] operations = Read();
        Assert.NotEmpty(operations);
        Assert.All(operations, operation =>
        {
            Assert.False(operation.Ok);
            Assert.StartsWith("interloper ", operation.Output, StringComparison.Ordinal);
            Assert.NotEqual(operation.Expected, operation.Output);
        });
    }

    [Fact]
    public async Task Cas_TriesAgain_WhenTheKeyCameAndWentInBetween()
    {
        bool came = false;
        _client.Store.Interloper = (operation, key) =>
        {
            // Just before the first compare-and-set the key appears, and before the read that follows it is gone again.
            if (operation == "cas" && !came) _client.Store[key] = "came;";
            if (operation == "get" && _client.Store[key] == "came;")
            {
                came = true;
                _client.Store[key] = null;
            }
        };
        await RunAsync("--clients", "1", "--keys", "1", "--mix", "cas=1");
        Operation first = Read()[0];
        Assert.True(came);
        Assert.True(first.Ok);
        Assert.Null(first.Expected);
    }

    [Fact]
    public async Task UnknownOutcome_IsRecordedWithNull_AndTheCallerGoesOnAsAnotherClient()
    {
        int number = 0;
        _client.Store.After = (operation, _) => operation != "scan" && ++number % 10 == 0 ? ClientHarness.Failure(OperationOutcome.Unknown) : null;
        Assert.Equal(ExitCode.Ok, await RunAsync("--clients", "1", "--keys", "3", "--mix", "put=1,append=1,delete=1,get=1"));
        Operation[] operations = Read();
        Assert.Contains(operations, operation => operation.Ok is null);
        for (int i = 1; i < operations.Length; i++)
            Assert.Equal(operations[i - 1].Client + (operations[i - 1].Ok is null ? 1 : 0), operations[i].Client);
        Assert.All(operations, operation => Assert.False(operation.Ok is null && operation.Output is not null));
    }

    [Fact]
    public async Task DefiniteFailure_IsNotRecorded()
    {
        HashSet<string> refused = [];
        int number = 0;
        _client.Store.Before = (operation, _) =>
            operation != "scan" && ++number % 3 == 0 ? ClientHarness.Failure(OperationOutcome.DidNotHappen) : null;
        await RunAsync("--clients", "1", "--keys", "1", "--mix", "put=1", "--json");
        Assert.All(Read(), operation => Assert.True(operation.Ok));
        JsonElement summary = Assert.Single(_client.JsonLines());
        Assert.Equal(Read().Length, summary.GetProperty("operations").GetInt64());
        Assert.Equal(0, summary.GetProperty("unknown").GetInt64());
        Assert.True(summary.GetProperty("refused").GetInt64() > 0);
    }

    [Fact]
    public async Task CasWhoseReadFails_IsNotRecorded_WhateverTheReadsOutcome()
    {
        _client.Store.Before = (operation, _) => operation == "get" ? ClientHarness.Failure(OperationOutcome.Unknown) : null;
        await RunAsync("--clients", "1", "--keys", "1", "--mix", "cas=1");
        Assert.Empty(Read());
    }

    [Fact]
    public async Task Errors_OfAnyKind_DoNotEndIt()
    {
        int number = 0;
        _client.Store.Before = (operation, _) => operation != "scan" && number++ < 20 ? new InvalidOperationException("a bug") : null;
        Assert.Equal(ExitCode.Ok, await RunAsync("--clients", "2", "--keys", "1", "--mix", "put=1"));
        Assert.Contains(Read(), operation => operation.Ok is true);
        Assert.Contains(Read(), operation => operation.Ok is null);
    }

    [Fact]
    public async Task Summary_TellsTheLongestGap()
    {
        int number = 0;
        _client.Store.Before = (operation, _) =>
        {
            if (operation == "put" && ++number == 10) _client.Time.Advance(TimeSpan.FromMilliseconds(300));
            return null;
        };
        await RunAsync("--clients", "1", "--keys", "1", "--mix", "put=1");
        Match match = Gap().Match(_client.Out);
        Assert.True(match.Success, _client.Out);
        Assert.InRange(double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), 300, 320);
    }

    [Fact]
    public async Task AttemptTimeout_ReachesTheClerk()
    {
        await RunAsync("--clients", "1", "--keys", "1", "--attempt-timeout", "150");
        Assert.Equal(TimeSpan.FromMilliseconds(150), _client.Cluster.Connects[0].AttemptTimeout);
    }

    [Fact]
    public async Task HistoryThatCannotBeWritten_IsAnError_BeforeAnythingHappens()
    {
        Assert.Equal(ExitCode.Error, await _client.RunAsync("workload", "--history", "/proc/nowhere/h"));
        Assert.Contains("/proc/nowhere/h", _client.Error, StringComparison.Ordinal);
        Assert.Equal(0, _client.Store.Calls);
    }

    [GeneratedRegex(@"longest gap without a success ([\d.]+) ms")]
    private static partial Regex Gap();

    private Task<int> RunAsync(params string[] options) =>
        _client.RunAsync([.. (string[])["workload", "--history", _history, "--seconds", "1"], .. options]);

    private Operation[] Read() => [.. File.ReadLines(_history).Select(line => new Operation(JsonDocument.Parse(line).RootElement))];

    private sealed record Operation(JsonElement Json)
    {
        public int Client => Json.GetProperty("client").GetInt32();

        public string Op => Json.GetProperty("op").GetString()!;

        public string Key => Json.GetProperty("key").GetString()!;

        public string Value => Json.GetProperty("value").GetString()!;

        public string? Expected => Json.GetProperty("expected").GetString();

        public string? Output => Json.GetProperty("output").GetString();

        public bool? Ok => Json.GetProperty("ok").ValueKind == JsonValueKind.Null ? null : Json.GetProperty("ok").GetBoolean();

        public long Call => Json.GetProperty("call").GetInt64();

        public long Return => Json.GetProperty("return").GetInt64();
    }
}
