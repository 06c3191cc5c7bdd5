using System.Text.Json;
using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// Turns Orleans' membership entries into rows and back. Every time becomes an age on its way there, by the clock of the silo that writes, and a time again by the clock
/// of the one that reads.
/// </summary>
internal static class SiloEntry
{
    /// <summary>A silo's key in the table.</summary>
    public static string Key(SiloAddress silo) => silo.ToParsableString();

    /// <summary>How long ago something was, in milliseconds.</summary>
    public static long Age(DateTime time, DateTime now) =>
        Math.Clamp((long)(now - DateTime.SpecifyKind(time, DateTimeKind.Utc)).TotalMilliseconds, -MembersLimits.MaxAgeMs, MembersLimits.MaxAgeMs);

    /// <summary>How long ago the latest of the silo's start and of the votes against it was.</summary>
    public static long SignAge(MembershipEntry entry, DateTime now)
    {
        long age = Age(entry.StartTime, now);
        foreach ((_, DateTime vote) in entry.SuspectTimes ?? []) age = Math.Min(age, Age(vote, now));
        return age;
    }

    /// <summary>What of an entry the table only keeps.</summary>
    public static byte[] Encode(MembershipEntry entry, DateTime now) => JsonSerializer.SerializeToUtf8Bytes(
        new EntryText(
            entry.ProxyPort, entry.HostName, entry.RoleName, entry.UpdateZone, entry.FaultZone, Age(entry.StartTime, now),
            [.. (entry.SuspectTimes ?? []).Select(vote => new VoteText(Key(vote.Item1), Age(vote.Item2, now)))]),
        PeerProtocol.Json);

    /// <summary>An entry from its row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="logTimeMs">The log time at which it was read.</param>
    /// <param name="now">The time here.</param>
    /// <exception cref="InvalidDataException">The row holds no entry.</exception>
    public static MembershipEntry Decode(MembersRow row, long logTimeMs, DateTime now)
    {
        try
        {
            EntryText text = JsonSerializer.Deserialize<EntryText>(row.Entry.Span, PeerProtocol.Json) ?? throw new JsonException("it is null");
            long sinceMs = logTimeMs - row.WrittenMs;
            return new MembershipEntry
            {
                SiloAddress = SiloAddress.FromParsableString(row.Silo),
                SiloName = row.Node,
                Status = (SiloStatus)row.Status,
                ProxyPort = text.Proxy,
                HostName = text.Host!,
                RoleName = text.Role!,
                UpdateZone = text.UpdateZone,
                FaultZone = text.FaultZone,
                StartTime = Ago(now, sinceMs + text.StartAge),
                IAmAliveTime = Ago(now, logTimeMs - row.AliveMs),
                SuspectTimes = [.. text.Votes.Select(vote => Tuple.Create(SiloAddress.FromParsableString(vote.Silo), Ago(now, sinceMs + vote.Age)))],
            };
        }
        catch (Exception cause) when (cause is JsonException or ArgumentException or FormatException or InvalidOperationException)
        {
            throw new InvalidDataException($"The row of silo {row.Silo} holds no entry of Orleans: {cause.Message}", cause);
        }
    }

    private static DateTime Ago(DateTime now, long milliseconds)
    {
        double ticks = now.Ticks - ((double)milliseconds * TimeSpan.TicksPerMillisecond);
        if (ticks <= 0) return DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc);
        return ticks >= DateTime.MaxValue.Ticks ? DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc) : now.AddMilliseconds(-milliseconds);
    }

    private sealed record EntryText(int Proxy, string? Host, string? Role, int UpdateZone, int FaultZone, long StartAge, IReadOnlyList<VoteText> Votes);

    private sealed record VoteText(string Silo, long Age);
}
