using System.Text.Json;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>The client's contract with scripts: exit statuses, one line on standard error, JSON lines.</summary>
public sealed class ClientExitTests : IDisposable
{
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Status1_WhenNoClusterRuns()
    {
        ClientRun run = await ClientProcess.RunAsync(new SiloSetup(_data.Path), "get", "k");
        Assert.Equal(1, run.Status);
        Assert.Contains("no Quorleans cluster at 127.0.0.1:", run.OneErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("put onlykey", "VALUE")]
    [InlineData("get k --gateway nonsense", "--gateway")]
    [InlineData("cas k minus v", "minus")]
    public async Task Status2_WhenTheCommandLineIsWrong(string line, string names)
    {
        ClientRun run = await ClientProcess.RunAsync(Programs.Client, line.Split(' '));
        Assert.Equal(2, run.Status);
        Assert.Contains(names, run.OneErrorLine, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Status2_WhenAnArgumentIsNoUtf8()
    {
        // A shell can pass any bytes; .NET can only pass text.
        ClientRun run = await ClientProcess.RunAsync("/bin/sh", ["-c", "exec \"$0\" put \"$(printf 'a\\377b')\" value", Programs.Client]);
        Assert.Equal(2, run.Status);
        Assert.Contains("not valid UTF-8", run.OneErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_TellByTheirStatus_WhatCameOfThem()
    {
        SiloSetup setup = new(_data.Path);
        await using SiloProcess silo = await SiloProcess.StartAsync(setup);
        ClientRun put = await ClientProcess.RunAsync(setup, "put", "k", "v", "--json");
        Assert.True(put.Status == 0, put.Error);
        long version = Json(put).GetProperty("version").GetInt64();
        ClientRun get = await ClientProcess.RunAsync(setup, "get", "k", "--json");
        Assert.Equal((0, "v", version), (get.Status, Json(get).GetProperty("value").GetString(), Json(get).GetProperty("version").GetInt64()));

        ClientRun[] runs = await Task.WhenAll(
            ClientProcess.RunAsync(setup, "get", "absent"),
            ClientProcess.RunAsync(setup, "get", "absent", "--json"),
            ClientProcess.RunAsync(setup, "cas", "k", $"{version + 1}", "w"),
            ClientProcess.RunAsync(setup, "cas", "k", $"{version + 1}", "w", "--json"));
        Assert.All(runs, static run => Assert.Equal(3, run.Status));
        Assert.Contains("\"absent\"", runs[0].OneErrorLine, StringComparison.Ordinal);
        Assert.False(Json(runs[1]).GetProperty("found").GetBoolean());
        Assert.Contains($"has version {version}", runs[2].OneErrorLine, StringComparison.Ordinal);
        Assert.False(Json(runs[3]).GetProperty("succeeded").GetBoolean());

        ClientRun cas = await ClientProcess.RunAsync(setup, "cas", "k", $"{version}", "w");
        ClientRun scan = await ClientProcess.RunAsync(setup, "scan", "--json");
        Assert.Equal((0, 0), (cas.Status, scan.Status));
        Assert.Equal("w", Json(scan).GetProperty("value").GetString());
        Assert.Equal(0, (await ClientProcess.RunAsync(setup, "del", "k")).Status);
        Assert.Equal(3, (await ClientProcess.RunAsync(setup, "del", "k")).Status);
        await RefusesWhatIsOverTheLimitsAsync(setup);
    }

    private static async Task RefusesWhatIsOverTheLimitsAsync(SiloSetup setup)
    {
        await using TestClient client = await TestClient.ConnectAsync(setup);
        long[] before = await LastIndexesAsync(client);
        ClientRun[] runs = await Task.WhenAll(
            ClientProcess.RunAsync(setup, "put", "", "v"),
            ClientProcess.RunAsync(setup, "put", new string('k', 4097), "v"),

            // No system passes so long an argument; a script may hold one.
            ClientProcess.RunScriptAsync(setup, $"put k {new string('v', 1024 * 1024 + 1)}\n"));
        Assert.All(runs, static run => Assert.Equal(1, run.Status));
        Assert.Contains("key is empty", runs[0].OneErrorLine, StringComparison.Ordinal);
        Assert.Matches("key.*4,?096", runs[1].OneErrorLine);
        Assert.Matches("value.*1,?048,?576", runs[2].OneErrorLine);
        Assert.All(runs, static run => Assert.Contains("did not happen", run.OneErrorLine, StringComparison.Ordinal));
        Assert.Equal(before, await LastIndexesAsync(client));
    }

    private static async Task<long[]> LastIndexesAsync(TestClient client) =>
        [.. (await Task.WhenAll(new[] { "n1", "n2", "n3" }.Select(client.StatusAsync))).Select(static status => status.LastIndex)];

    private static JsonElement Json(ClientRun run) => JsonSerializer.Deserialize<JsonElement>(Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
}
