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
    public Task InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    /// <inheritdoc/>
    public async Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) => await members.ReadAllAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    /// <inheritdoc/>
    /// <remarks>The group belongs to one cluster, so there is nothing to choose by the id.</remarks>
    public async Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        await members.ExecuteAsync(new RemoveAll(), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    /// <inheritdoc/>
    public async Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        await members.ExecuteAsync(new RemoveDefunct(SiloEntry.Age(beforeDate.UtcDateTime, Now)), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        (MembersAnswer table, long logTime) = await members.ReadRowAsync(SiloEntry.Key(key), cancellationToken).ConfigureAwait(false);
        return ToData(table, logTime);
    }

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadAll() => ReadAllAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        (MembersAnswer table, long logTime) = await members.ReadAllAsync(cancellationToken).ConfigureAwait(false);
        return ToData(table, logTime);
    }

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    /// <inheritdoc/>
    public async Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        if (!TryParse(tableVersion.VersionEtag, out long etag)) return false;
        DateTime now = Now;
        InsertRow insert = new()
        {
            Request = Guid.NewGuid(), TableEtag = etag, TableVersion = tableVersion.Version, Silo = SiloEntry.Key(entry.SiloAddress), Node = entry.SiloName, Status = (int)entry.Status,
            AliveAgeMs = SiloEntry.Age(entry.IAmAliveTime, now), SignAgeMs = SiloEntry.SignAge(entry, now), Entry = SiloEntry.Encode(entry, now),
        };
        return await WriteAsync(insert, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    /// <inheritdoc/>
    public async Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        if (!TryParse(tableVersion.VersionEtag, out long tableEtag) || !TryParse(etag, out long rowEtag)) return false;
        DateTime now = Now;
        UpdateRow update = new()
        {
            Request = Guid.NewGuid(), TableEtag = tableEtag, RowEtag = rowEtag, TableVersion = tableVersion.Version, Silo = SiloEntry.Key(entry.SiloAddress), Node = entry.SiloName,
            Status = (int)entry.Status, AliveAgeMs = SiloEntry.Age(entry.IAmAliveTime, now), SignAgeMs = SiloEntry.SignAge(entry, now), Entry = SiloEntry.Encode(entry, now),
        };
        return await WriteAsync(update, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    /// <inheritdoc/>
    public async Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await members.ExecuteAsync(new KeepAlive(SiloEntry.Key(entry.SiloAddress), SiloEntry.Age(entry.IAmAliveTime, Now)), cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> WriteAsync(WriteRow write, CancellationToken cancellationToken) => await members.ExecuteAsync(write, cancellationToken).ConfigureAwait(false) switch
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
