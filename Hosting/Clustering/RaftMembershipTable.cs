using System.Globalization;
using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// Orleans' membership table, kept by the Raft group <c>members</c>: no database, and no node that may not die. Linearizable; an insert or update whose answer was lost is
/// sent again and answered as the first time. A heartbeat changes no etag.
/// </summary>
/// <param name="members">Reaches the group.</param>
/// <param name="time">This silo's clock.</param>
public sealed class RaftMembershipTable(MembersClient members, TimeProvider time) : IMembershipTable
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <inheritdoc/>
    public async Task InitializeMembershipTable(bool tryInitTableVersion) => await members.ReadAllAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    /// <remarks>The group belongs to one cluster, so there is nothing to choose by the id.</remarks>
    public async Task DeleteMembershipTableEntries(string clusterId) => await members.ExecuteAsync(new RemoveAll()).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        await members.ExecuteAsync(new RemoveDefunct(SiloEntry.Age(beforeDate.UtcDateTime, Now))).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        ArgumentNullException.ThrowIfNull(key);
        (MembersAnswer table, long logTime) = await members.ReadRowAsync(SiloEntry.Key(key)).ConfigureAwait(false);
        return ToData(table, logTime);
    }

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadAll()
    {
        (MembersAnswer table, long logTime) = await members.ReadAllAsync().ConfigureAwait(false);
        return ToData(table, logTime);
    }

    /// <inheritdoc/>
    public async Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        if (!TryParse(tableVersion.VersionEtag, out long etag)) return false;
        DateTime now = Now;
        return await WriteAsync(new InsertRow
        {
            Request = Guid.NewGuid(), TableEtag = etag, TableVersion = tableVersion.Version, Silo = SiloEntry.Key(entry.SiloAddress), Node = entry.SiloName, Status = (int)entry.Status,
            AliveAgeMs = SiloEntry.Age(entry.IAmAliveTime, now), SignAgeMs = SiloEntry.SignAge(entry, now), Entry = SiloEntry.Encode(entry, now),
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        if (!TryParse(tableVersion.VersionEtag, out long tableEtag) || !TryParse(etag, out long rowEtag)) return false;
        DateTime now = Now;
        return await WriteAsync(new UpdateRow
        {
            Request = Guid.NewGuid(), TableEtag = tableEtag, RowEtag = rowEtag, TableVersion = tableVersion.Version, Silo = SiloEntry.Key(entry.SiloAddress), Node = entry.SiloName,
            Status = (int)entry.Status, AliveAgeMs = SiloEntry.Age(entry.IAmAliveTime, now), SignAgeMs = SiloEntry.SignAge(entry, now), Entry = SiloEntry.Encode(entry, now),
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await members.ExecuteAsync(new KeepAlive(SiloEntry.Key(entry.SiloAddress), SiloEntry.Age(entry.IAmAliveTime, Now))).ConfigureAwait(false);
    }

    private async Task<bool> WriteAsync(WriteRow write) => await members.ExecuteAsync(write).ConfigureAwait(false) switch
    {
        MembersStatus.Done => true,
        MembersStatus.Full => throw new ClusterException(ClusterError.WrongState, $"The membership table has {MembersLimits.MaxRows} rows, so silo {write.Silo} cannot be added. Remove those of dead silos."),
        _ => false,
    };

    private MembershipTableData ToData(MembersAnswer table, long logTime)
    {
        DateTime now = Now;
        TableVersion version = new(table.Version, table.Etag.ToString(CultureInfo.InvariantCulture));
        return new MembershipTableData(
            [.. table.Rows.Select(row => Tuple.Create(SiloEntry.Decode(row, logTime, now), row.Etag.ToString(CultureInfo.InvariantCulture)))], version);
    }

    // Whatever is no number was never an etag of this table, so it is not the current one.
    private static bool TryParse(string? etag, out long number) => long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
