using Microsoft.Extensions.Hosting;

namespace Quorleans.Hosting;

/// <summary>
/// For a host inside a program that has the say: it starts and stops when it is told to. The default one takes the process's signals for
/// itself, so that a SIGTERM would stop each silo of an embedded cluster beside, and before, the cluster.
/// </summary>
public sealed class ManualHostLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
