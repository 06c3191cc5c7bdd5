using System.Globalization;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>The disk of a node's log fails while it runs.</summary>
public sealed class DiskFailureTests : IDisposable
{
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task ANodeWhoseLogFails_EndsWithItsNamedStatus_TheOthersGoOn_AndItStartsAgain()
    {
        await using ClusterProcesses cluster = new(_data.Path);

        // A process that ignores SIGXFSZ gets an error for each write behind the largest size that its files may have: an error of a disk, and none of a full one.
        await using ChildProcess first = await ChildProcess.StartAsync("/bin/bash", ["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", Programs.Silo, "--config", cluster.Config, "--node", "n1", "--no-dashboard"]);
        await cluster.StartAsync("n2", "n3");
        Assert.Equal(0, (await cluster.ClientAsync("put", "kept", "value")).Status);
        ClientRun limit = await ClientProcess.RunAsync("prlimit", ["--pid", first.Id.ToString(CultureInfo.InvariantCulture), "--fsize=4096"]);
        Assert.True(limit.Status == 0, limit.Error);
        Assert.Equal(0, (await cluster.ClientAsync("put", "more", "value")).Status);
        int status = await first.WaitAsync();
        Assert.True(status == 5, $"n1 ended with status {status}.\n{first}");
        Assert.Contains("disk failed", first.Error, StringComparison.Ordinal);
        Assert.Contains("node replace n1", first.Error, StringComparison.Ordinal);

        ClientRun get = await cluster.ClientAsync("get", "more");
        Assert.True(get is { Status: 0, Output: "value\n" }, get.Error);
        await cluster.StartAsync("n1");
        await cluster.KillAsync("n2");
        get = await cluster.ClientAsync("get", "kept");
        Assert.True(get is { Status: 0, Output: "value\n" }, get.Error);
    }
}
