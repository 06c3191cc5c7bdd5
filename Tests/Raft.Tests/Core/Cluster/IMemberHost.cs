namespace Quorleans.Raft.Tests;

/// <summary>The world around a <see cref="CoreMember"/>: decides when its messages, writes, applies and loads go on.</summary>
internal interface IMemberHost
{
    /// <summary>Whether the member takes in more before it takes the next output, as a driver does that drains an inbox.</summary>
    bool DefersTurn(CoreMember member);

    /// <summary>The core gave out what it wants done; the member carries it out after this.</summary>
    void Taken(CoreMember member, RaftOutput output);

    /// <summary>A message leaves.</summary>
    void Send(CoreMember member, RaftMessage message);

    /// <summary>A write was queued; <see cref="CoreMember.CompleteWrite"/> makes it durable.</summary>
    void WriteQueued(CoreMember member);

    /// <summary>There is more to apply; <see cref="CoreMember.Apply"/> does it.</summary>
    void ApplyReady(CoreMember member);

    /// <summary>A whole snapshot arrived; <see cref="CoreMember.Load"/> ends its loading.</summary>
    void LoadReady(CoreMember member);

    /// <summary>An entry was applied.</summary>
    void Applied(CoreMember member, in LogEntry entry);

    /// <summary>A snapshot replaced the state.</summary>
    void Installed(CoreMember member);

    /// <summary>A read ended; when it was confirmed, its index is applied here.</summary>
    void ReadEnded(CoreMember member, ReadState read);
}
