using System.Net;
using Quorleans.Hosting;

namespace Quorleans.Clustering.Tests.World;

/// <summary>Entries of silos.</summary>
internal static class Silos
{
    public static MembershipEntry Entry(int silo, SiloStatus status = SiloStatus.Joining, DateTime? alive = null, int generation = 1) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 1000 + silo, generation),
        SiloName = $"n{silo}",
        HostName = "localhost",
        RoleName = "role",
        UpdateZone = 1,
        FaultZone = 2,
        ProxyPort = 2000 + silo,
        Status = status,
        StartTime = alive ?? DateTime.UtcNow,
        IAmAliveTime = alive ?? DateTime.UtcNow,
        SuspectTimes = [],
    };

    /// <summary>Adds a silo as Orleans does: reads the table, and again when somebody was quicker.</summary>
    /// <returns>How many attempts it took.</returns>
    public static async Task<int> JoinAsync(RaftMembershipTable table, MembershipEntry entry)
    {
        for (int attempt = 1; ; attempt++)
            if (await table.InsertRow(entry, (await table.ReadAll()).Version.Next())) return attempt;
    }

    /// <summary>Changes a silo's status as Orleans does.</summary>
    public static async Task SetAsync(RaftMembershipTable table, SiloAddress silo, SiloStatus status)
    {
        while (true)
        {
            MembershipTableData data = await table.ReadRow(silo);
            (MembershipEntry entry, string etag) = data.Members.Single();
            entry.Status = status;
            if (await table.UpdateRow(entry, etag, data.Version.Next())) return;
        }
    }
}
