using System.Diagnostics;
using System.Net;
using Quorleans.Hosting;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>The silo executable as a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly HttpClient Web = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ChildProcess _process;

    private SiloProcess(SiloSetup setup, ChildProcess process) => (Setup, _process) = (setup, process);

    public SiloSetup Setup { get; }

    public string Output => _process.Output;

    public string Error => _process.Error;

    /// <summary>Starts it and does not wait.</summary>
    public static async Task<SiloProcess> BeginAsync(SiloSetup setup) => new(setup, await ChildProcess.StartAsync(Programs.Silo, setup.Arguments));

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<SiloProcess> StartAsync(SiloSetup setup)
    {
        SiloProcess silo = await BeginAsync(setup);
        try
        {
            await silo.WaitReadyAsync();
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one that shall refuse, and waits until it has ended.</summary>
    /// <returns>Its exit status and the lines on its standard error.</returns>
    public static async Task<(int Status, string[] Lines)> RunRefusedAsync(SiloSetup setup)
    {
        await using SiloProcess silo = await BeginAsync(setup);
        int status = await silo._process.WaitAsync();
        return (status, silo.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Waits until <c>/readyz</c> says so.</summary>
    public async Task<TimeSpan> WaitReadyAsync()
    {
        long start = Stopwatch.GetTimestamp();
        Task<TimeSpan> ready = Eventually.Holds("the silo is ready", async () =>
        {
            if (_process.HasExited) return true;
            using HttpResponseMessage answer = await Web.GetAsync(new Uri(Setup.Http, "/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        });
        await ready;
        if (_process.HasExited) throw new InvalidOperationException($"The silo ended with status {await _process.WaitAsync()}.\n{_process}");
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary><c>kill -9</c>.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Asks it to stop, and waits until it has, as it should.</summary>
    /// <param name="signal">INT or TERM.</param>
    public async Task StopAsync(string signal = "TERM")
    {
        await _process.SignalAsync(signal);
        int status = await _process.WaitAsync();
        Assert.True(status == 0, $"The silo ended with status {status} on SIG{signal}.\n{_process}");
    }

    /// <summary>Its administration, as <c>node stop</c> and <c>node start</c> use it.</summary>
    public NodeAdminClient Admin() => new(Setup.Http, TimeSpan.FromSeconds(60));

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
