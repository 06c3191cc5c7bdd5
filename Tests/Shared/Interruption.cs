using System.Runtime.InteropServices;

namespace Quorleans.Tests.Shared;

/// <summary>
/// What SIGINT and SIGTERM do to a program that runs for minutes: the first asks it to stop with what it has, and to say what that came to; the second
/// ends it at once. Either way the exit code is 130 when what was asked for is not done.
/// </summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>The exit code of a program that was interrupted, as a shell has it.</summary>
    internal const int ExitCode = 130;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;
    private int _received;

    /// <summary>Listens from now on.</summary>
    internal Interruption() =>
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];

    /// <summary>Called before the process ends by the second signal, for what must not outlive it.</summary>
    internal Action? Ending { get; set; }

    /// <summary>Set by the first signal.</summary>
    internal CancellationToken Token => _stop.Token;

    /// <summary>Whether the first signal has come.</summary>
    internal bool IsRequested => _stop.IsCancellationRequested;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _received) == 1)
        {
            Console.Error.WriteLine("Stopping after what is under way; once more ends it now.");
            _stop.Cancel();
            return;
        }

        Console.Error.WriteLine("Ended before it was done.");
        Ending?.Invoke();
        Environment.Exit(ExitCode);
    }
}
