namespace Quorleans.Raft;

/// <summary>
/// A replicated state machine (paper §2): deterministic, with no clock, task, thread, I/O or unordered iteration inside. The driver
/// calls it from one place at a time; what may run beside it says so.
/// </summary>
public interface IStateMachine
{
    /// <summary>Applies a committed command. Called once for each <see cref="EntryKind.Command"/> entry, in log order.</summary>
    /// <param name="entry">The entry. Its payload was checked by <see cref="Validate"/> on the leader that took it.</param>
    /// <param name="wantResult">False on replicas where nobody waits: then no result need be built.</param>
    /// <returns>The encoded result, or empty when it is not wanted.</returns>
    ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult);

    /// <summary>Answers a read from the state as it stands, without changing it.</summary>
    /// <param name="request">The encoded request, already checked by <see cref="Validate"/>.</param>
    /// <returns>The encoded answer.</returns>
    ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request);

    /// <summary>Checks what a client sent before anything is logged. May be called on any thread, beside anything else.</summary>
    /// <param name="payload">A command for <see cref="Apply"/>, or a request for <see cref="Query"/>.</param>
    /// <param name="isQuery">Which of the two it is.</param>
    /// <returns>Null when it is well-formed and within the limits; otherwise what is wrong, for a person.</returns>
    string? Validate(ReadOnlyMemory<byte> payload, bool isQuery);

    /// <summary>Takes a view of the state as it stands now, in constant time; later applies do not change it.</summary>
    /// <returns>The view, which another thread may write out while this machine goes on.</returns>
    ISnapshotView Capture();

    /// <summary>Reads a snapshot into memory. Does not touch this machine's state; may run on another thread beside it.</summary>
    /// <param name="source">What <see cref="ISnapshotView.WriteTo"/> wrote.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The state, for <see cref="Install"/>.</returns>
    /// <exception cref="InvalidDataException">The bytes are no snapshot of this machine, or of a newer format.</exception>
    object Load(Stream source, CancellationToken cancellationToken);

    /// <summary>Replaces the whole state by one that <see cref="Load"/> returned, in constant time.</summary>
    /// <param name="loaded">What <see cref="Load"/> returned.</param>
    void Install(object loaded);
}

/// <summary>An unchanging view of a state machine, from which a snapshot is written.</summary>
public interface ISnapshotView : IDisposable
{
    /// <summary>Writes the snapshot. Called once, on any thread.</summary>
    /// <param name="destination">Where to; the caller buffers, checksums and syncs.</param>
    /// <param name="cancellationToken">Stops the work; what was written is then thrown away.</param>
    void WriteTo(Stream destination, CancellationToken cancellationToken);
}
