namespace Quorleans.Hosting;

/// <summary>
/// One silo's way to the shared membership table. Once fenced, the silo goes on with a copy of its own, in which it is
/// alone: the last words of a silo that is stopped abruptly reach nobody, as if its process had been killed, and its shutdown does not
/// wait for peers that cannot hear it.
/// </summary>
/// <param name="shared">The cluster's table.</param>
/// <param name="siloName">The silo.</param>
public sealed class FencedMembershipTable(ProcessMembershipTable shared, string siloName) : IMembershipTable
{
    private volatile ProcessMembershipTable _table = shared;

    /// <summary>Cuts the silo off from the shared table, for good.</summary>
    public void Fence() => _table = _table.Fork(siloName);

    /// <inheritdoc/>
    public Task InitializeMembershipTable(bool tryInitTableVersion) => _table.InitializeMembershipTable(tryInitTableVersion);

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntries(string clusterId) => _table.DeleteMembershipTableEntries(clusterId);

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => _table.CleanupDefunctSiloEntries(beforeDate);

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadRow(SiloAddress key) => _table.ReadRow(key);

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadAll() => _table.ReadAll();

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => _table.InsertRow(entry, tableVersion);

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => _table.UpdateRow(entry, etag, tableVersion);

    /// <inheritdoc/>
    public Task UpdateIAmAlive(MembershipEntry entry) => _table.UpdateIAmAlive(entry);
}
