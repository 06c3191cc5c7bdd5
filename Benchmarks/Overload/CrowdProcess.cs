using System.Diagnostics;
using System.Text.Json;

namespace Quorleans.Benchmarks.Overload;

/// <summary>The process of the clients: see <see cref="CrowdCommand"/>. It ends with this one, whose end is its input's.</summary>
internal sealed class CrowdProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private CrowdProcess(Process process) => _process = process;

    /// <summary>Starts it.</summary>
    /// <param name="gateways">The nodes' gateways, <c>HOST:PORT[,HOST:PORT…]</c>.</param>
    public static CrowdProcess Start(string gateways)
    {
        string program = Path.ChangeExtension(typeof(CrowdProcess).Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null);
        ProcessStartInfo start = new(program, [CrowdCommand.CommandName, "--gateways", gateways]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // What is tried of the runtime's settings is for the nodes; clients have what they have.
        foreach (string name in start.Environment.Keys.Where(static name => name.StartsWith("DOTNET_GC", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        return new CrowdProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start."));
    }

    /// <summary>Lets the clients work for a round.</summary>
    /// <param name="plan">What they shall do.</param>
    /// <param name="onCounting">Called when they begin to count.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CrowdResult> RunAsync(CrowdPlan plan, Action onCounting, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(plan).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        if (await ReadAsync(plan, cancellationToken) == CrowdCommand.Counting) onCounting();
        return JsonSerializer.Deserialize<CrowdResult>(await ReadAsync(plan, cancellationToken))!;
    }

    private async Task<string> ReadAsync(CrowdPlan plan, CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(plan.WarmUp + plan.Time + Patience, cancellationToken)
        ?? throw new InvalidOperationException("The clients' process ended before its round did; what it said is above.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
