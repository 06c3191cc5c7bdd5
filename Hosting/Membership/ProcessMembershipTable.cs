using System.Globalization;

namespace Quorleans.Hosting;

/// <summary>
/// Orleans' membership table in this process' memory, shared by the silos of one embedded cluster. It belongs to the process and to none
/// of the silos, so any of them can be stopped (the table of Orleans' development clustering dies with its primary silo).
/// </summary>
/// <remarks>
/// Compare-and-set on the table's etag and on the row's; a heartbeat changes neither, so it never makes a concurrent update fail.
/// Safe for use from any thread.
/// </remarks>
public sealed class ProcessMembershipTable : IMembershipTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SiloAddress, Row> _rows;
    private TableVersion _version;
    private long _lastEtag;

    /// <summary>Creates an empty table.</summary>
    public ProcessMembershipTable()
    {
        _rows = [];
        _version = new TableVersion(0, "0");
    }

    private ProcessMembershipTable(Dictionary<SiloAddress, Row> rows, TableVersion version, long lastEtag)
    {
        _rows = rows;
        _version = version;
        _lastEtag = lastEtag;
    }

    /// <summary>A copy of some rows as they stand now, which goes its own way from here.</summary>
    /// <param name="siloName">Whose rows.</param>
    public ProcessMembershipTable Fork(string siloName)
    {
        lock (_lock)
        {
            var rows = new Dictionary<SiloAddress, Row>();
            foreach ((SiloAddress silo, Row row) in _rows)
                if (row.Entry.SiloName == siloName) rows.Add(silo, new Row(Copy(row.Entry), row.Etag));
            return new ProcessMembershipTable(rows, _version, _lastEtag);
        }
    }

    /// <summary>The entries as they stand now.</summary>
    public IReadOnlyList<MembershipEntry> Snapshot()
    {
        lock (_lock) return [.. _rows.Values.Select(static row => Copy(row.Entry))];
    }

    /// <summary>Says of every silo that it is dead: for one who knows, before new ones join and would wait for answers of the old.</summary>
    internal void DeclareAllDead()
    {
        lock (_lock)
        {
            Row[] living = [.. _rows.Values.Where(static row => row.Entry.Status != SiloStatus.Dead)];
            foreach (Row row in living)
            {
                row.Entry.Status = SiloStatus.Dead;
                Set(row.Entry, _version.Next());
            }
        }
    }

    /// <inheritdoc/>
    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntries(string clusterId)
    {
        lock (_lock) _rows.Clear();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        lock (_lock)
        {
            SiloAddress[] defunct = [.. _rows.Values.Select(static row => row.Entry)
                .Where(entry => entry.Status == SiloStatus.Dead && LastSignOfLife(entry) < beforeDate.UtcDateTime)
                .Select(static entry => entry.SiloAddress)];
            foreach (SiloAddress silo in defunct) _rows.Remove(silo);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        lock (_lock)
        {
            return Task.FromResult(_rows.TryGetValue(key, out Row? row)
                ? new MembershipTableData(Tuple.Create(Copy(row.Entry), row.Etag), _version)
                : new MembershipTableData(_version));
        }
    }

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadAll()
    {
        lock (_lock)
        {
            List<Tuple<MembershipEntry, string>> rows = [.. _rows.Values.Select(static row => Tuple.Create(Copy(row.Entry), row.Etag))];
            return Task.FromResult(new MembershipTableData(rows, _version));
        }
    }

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        lock (_lock)
        {
            if (_rows.ContainsKey(entry.SiloAddress) || !IsCurrent(tableVersion)) return Task.FromResult(false);
            Set(entry, tableVersion);
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        lock (_lock)
        {
            if (!_rows.TryGetValue(entry.SiloAddress, out Row? row) || row.Etag != etag || !IsCurrent(tableVersion))
                return Task.FromResult(false);
            Set(entry, tableVersion);
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_lock)
        {
            if (_rows.TryGetValue(entry.SiloAddress, out Row? row)) row.Entry.IAmAliveTime = entry.IAmAliveTime;
        }

        return Task.CompletedTask;
    }

    private bool IsCurrent(TableVersion proposed) => proposed.VersionEtag == _version.VersionEtag;

    private void Set(MembershipEntry entry, TableVersion version)
    {
        _rows[entry.SiloAddress] = new Row(Copy(entry), NextEtag());
        _version = new TableVersion(version.Version, NextEtag());
    }

    private string NextEtag() => (++_lastEtag).ToString(CultureInfo.InvariantCulture);

    private static DateTime LastSignOfLife(MembershipEntry entry)
    {
        DateTime last = entry.IAmAliveTime > entry.StartTime ? entry.IAmAliveTime : entry.StartTime;
        foreach (Tuple<SiloAddress, DateTime> vote in entry.SuspectTimes ?? [])
            if (vote.Item2 > last) last = vote.Item2;
        return last;
    }

    // Entries are mutable and their silos go on changing them.
    private static MembershipEntry Copy(MembershipEntry entry) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes is null ? null : [.. entry.SuspectTimes],
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
    };

    private sealed record Row(MembershipEntry Entry, string Etag);
}
