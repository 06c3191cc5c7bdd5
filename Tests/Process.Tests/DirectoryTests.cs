using System.Net;
using System.Net.Sockets;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>Data directories and ports that a silo must refuse: status 1, one line that names the thing, and nothing damaged.</summary>
public sealed class DirectoryTests : IDisposable
{
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Refuses_ADirectoryThatIsLockedByAnotherProcess()
    {
        SiloSetup setup = new(_data.Path);
        await using SiloProcess holder = await SiloProcess.StartAsync(setup);
        await RefusedAsync(new SiloSetup(_data.Path), Path.Combine(_data.Path, "n"), "in use by process");
        await AcceptsWritesAsync(setup);
        await holder.StopAsync("INT");
    }

    [Fact]
    public async Task Refuses_WhatBelongsToOthersOrIsNewer_AndStartsAgainAfterwards()
    {
        SiloSetup setup = new(_data.Path);
        await using (SiloProcess silo = await SiloProcess.StartAsync(setup))
        {
            await AcceptsWritesAsync(setup);
            await silo.StopAsync();
        }

        await RefusedWithAsync(setup, "n2/node.json", static text => text.Replace("\"n2\"", "\"n9\"", StringComparison.Ordinal), "n2", "belongs to node 'n9', not to 'n2'");
        await RefusedWithAsync(setup, "n2/node.json", static text => text.Replace("\"formatVersion\": 1", "\"formatVersion\": 7", StringComparison.Ordinal), "n2", "has format 7");
        await RefusedWithAsync(setup, "n2/node.json", static _ => "{ torn", "node.json", "cannot be understood");
        await RefusedWithAsync(setup, "cluster.json", static text => text.Replace("\"formatVersion\": 1", "\"formatVersion\": 7", StringComparison.Ordinal), "cluster.json", "has format 7");
        await RefusedAsync(setup with { Nodes = 2 }, _data.Path, "3 nodes, not 2");
        Assert.Equal(2, (await SiloProcess.RunRefusedAsync(setup with { Nodes = 10 })).Status);
        await using SiloProcess again = await SiloProcess.StartAsync(setup);
        await HoldsTheWriteAsync(setup);
    }

    [Fact]
    public async Task Refuses_PortsThatAreTaken()
    {
        SiloSetup setup = new(_data.Path);
        foreach (int port in (int[])[setup.SiloPort + 1, setup.GatewayPort + 2, setup.FirstPort])
        {
            using TcpListener other = new(IPAddress.Loopback, port);
            other.Start();
            await RefusedAsync(setup, $":{port}");
        }

        await using SiloProcess silo = await SiloProcess.StartAsync(setup);
        await AcceptsWritesAsync(setup);
    }

    [Fact]
    public async Task Refuses_AReadOnlyOrFullFileSystem_AndStartsAgainAfterwards()
    {
        using TestDirectory small = TestDirectory.OnSmallFileSystem(mebibytes: 160);
        SiloSetup setup = new(Path.Combine(small.Path, "data"));
        string ballast = small.Fill();
        await RefusedAsync(setup, small.Path, "No space left|full");
        File.Delete(ballast);
        await using (SiloProcess silo = await SiloProcess.StartAsync(setup))
        {
            await AcceptsWritesAsync(setup);
            await silo.StopAsync();
        }

        small.Remount(readOnly: true);
        await RefusedAsync(setup, small.Path, "cannot be written|cannot be used");
        small.Remount(readOnly: false);
        ballast = small.Fill();
        await RefusedAsync(setup, small.Path, "full");
        File.Delete(ballast);
        await using SiloProcess again = await SiloProcess.StartAsync(setup);
        await HoldsTheWriteAsync(setup);
    }

    private static async Task AcceptsWritesAsync(SiloSetup setup)
    {
        ClientRun put = await ClientProcess.RunAsync(setup, "put", "kept", "value");
        Assert.True(put.Status == 0, put.Error);
    }

    private static async Task HoldsTheWriteAsync(SiloSetup setup)
    {
        ClientRun get = await ClientProcess.RunAsync(setup, "get", "kept");
        Assert.Equal((0, "value\n"), (get.Status, get.Output));
    }

    // With a file changed; it is put back afterwards.
    private static async Task RefusedWithAsync(SiloSetup setup, string file, Func<string, string> change, params string[] expected)
    {
        string path = Path.Combine(setup.Data, file);
        string before = await File.ReadAllTextAsync(path);
        string after = change(before);
        Assert.NotEqual(before, after);
        await File.WriteAllTextAsync(path, after);
        await RefusedAsync(setup, expected);
        Assert.Equal(after, await File.ReadAllTextAsync(path));
        await File.WriteAllTextAsync(path, before);
    }

    // Each expectation is one text, or several of which one is enough.
    private static async Task RefusedAsync(SiloSetup setup, params string[] expected)
    {
        (int status, string[] lines) = await SiloProcess.RunRefusedAsync(setup);
        Assert.True(status == 1 && lines.Length == 1, $"Status {status}:\n{string.Join('\n', lines)}");
        foreach (string text in expected)
            Assert.True(text.Split('|').Any(one => lines[0].Contains(one, StringComparison.Ordinal)), $"'{text}' is not in: {lines[0]}");
    }
}
