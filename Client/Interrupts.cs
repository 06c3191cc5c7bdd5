using System.Runtime.InteropServices;

namespace Quorleans.Client;

/// <summary>Ctrl-C and SIGTERM: the first cancels the command that runs, so that it can say what it did; the second ends the process.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private Scope? _current;

    /// <summary>Interrupts that only <see cref="Interrupt"/> makes.</summary>
    public static Interrupts None() => new();

    /// <summary>Those of this process.</summary>
    public static Interrupts OfProcess()
    {
        Interrupts interrupts = new();
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            interrupts._registrations.Add(PosixSignalRegistration.Create(signal, context => context.Cancel = interrupts.Interrupt()));
        return interrupts;
    }

    /// <summary>Cancels the command that runs.</summary>
    /// <returns>Whether there was one that was not cancelled yet.</returns>
    public bool Interrupt()
    {
        lock (_lock) return _current is not null && _current.Cancel();
    }

    /// <summary>Begins a command.</summary>
    public Scope Begin()
    {
        lock (_lock) return _current = new Scope(this, _current);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }

    /// <summary>A command that runs.</summary>
    internal sealed class Scope(Interrupts owner, Scope? outer) : IDisposable
    {
        private readonly CancellationTokenSource _cancellation = new();
        private bool _disposed;

        /// <summary>Is cancelled when the user interrupts.</summary>
        public CancellationToken Token => _cancellation.Token;

        /// <summary>Cancels it.</summary>
        /// <returns>Whether it was not cancelled yet.</returns>
        public bool Cancel()
        {
            if (_disposed || _cancellation.IsCancellationRequested) return false;

            // Not on the signal's thread: whatever is registered with the token may take its time.
            _ = _cancellation.CancelAsync();
            return true;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (owner._lock)
            {
                _disposed = true;
                owner._current = outer;
            }

            _cancellation.Dispose();
        }
    }
}
