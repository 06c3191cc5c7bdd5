namespace Quorleans.Raft;

/// <summary>
/// A group's clock inside its log: leaders stamp entries with it, and it never goes back, over leaders either. It advances by
/// the leader's ticks, so it stands still while a group has no leader. Sessions and deadlines are measured in it.
/// </summary>
/// <param name="Milliseconds">Milliseconds since the group's first leader.</param>
public readonly record struct LogTime(long Milliseconds) : IComparable<LogTime>
{
    /// <summary>The group's beginning.</summary>
    public static LogTime Zero => default;

    /// <inheritdoc/>
    public int CompareTo(LogTime other) => Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>Whether <paramref name="left"/> is earlier.</summary>
    public static bool operator <(LogTime left, LogTime right) => left.Milliseconds < right.Milliseconds;

    /// <summary>Whether <paramref name="left"/> is later.</summary>
    public static bool operator >(LogTime left, LogTime right) => left.Milliseconds > right.Milliseconds;

    /// <summary>Whether <paramref name="left"/> is earlier or the same.</summary>
    public static bool operator <=(LogTime left, LogTime right) => left.Milliseconds <= right.Milliseconds;

    /// <summary>Whether <paramref name="left"/> is later or the same.</summary>
    public static bool operator >=(LogTime left, LogTime right) => left.Milliseconds >= right.Milliseconds;

    /// <inheritdoc/>
    public override string ToString() => $"{Milliseconds} ms";
}
