using System.Net;
using System.Net.Sockets;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>A silo that is told to stop does so, whatever it is doing.</summary>
public sealed class SignalTests : IDisposable
{
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Stops_WhenItIsToldToWhileItStarts(string signal)
    {
        SiloSetup setup = new(_data.Path);
        await using SiloProcess silo = await SiloProcess.BeginAsync(setup);
        // From the first open port until the last silo has joined takes a second or more.
        await Eventually.Holds("the first silo listens", async () =>
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, setup.SiloPort);
            return true;
        });
        await silo.StopAsync(signal);
        Assert.Equal("", silo.Error);
        await using SiloProcess again = await SiloProcess.StartAsync(setup);
        await again.StopAsync(signal);
        Assert.Equal("", again.Error);
    }
}
