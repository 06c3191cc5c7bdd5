using Quorleans.Clustering.Tests.World;
using Quorleans.Hosting;

namespace Quorleans.Clustering.Tests;

/// <summary>What Orleans asks of a membership table, asked of ours on three nodes.</summary>
public sealed class MembershipTableTests : IAsyncLifetime
{
    private TableCluster _cluster = null!;
    private RaftMembershipTable _table = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TableCluster.StartAsync();
        _table = _cluster.Table();
        await _table.InitializeMembershipTable(tryInitTableVersion: true);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task ANewTable_IsEmptyAndHasAVersion()
    {
        MembershipTableData data = await _table.ReadAll();
        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
        Assert.NotEmpty(data.Version.VersionEtag);
        Assert.Empty((await _table.ReadRow(Silos.Entry(1).SiloAddress)).Members);
    }

    [Fact]
    public async Task InsertRow_AddsTheRow_AndSetsTheTablesVersionAndEtag()
    {
        MembershipTableData before = await _table.ReadAll();
        MembershipEntry entry = Silos.Entry(1);
        entry.AddSuspector(Silos.Entry(2).SiloAddress, entry.StartTime.AddSeconds(-3));
        Assert.True(await _table.InsertRow(entry, before.Version.Next()));
        MembershipTableData after = await _table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        (MembershipEntry read, string etag) = Assert.Single(after.Members);
        Assert.NotEmpty(etag);
        Assert.Equal(
            (entry.SiloAddress, entry.SiloName, entry.HostName, entry.RoleName, entry.ProxyPort, entry.UpdateZone, entry.FaultZone, entry.Status),
            (read.SiloAddress, read.SiloName, read.HostName, read.RoleName, read.ProxyPort, read.UpdateZone, read.FaultZone, read.Status));
        IsAbout(entry.StartTime, read.StartTime);
        IsAbout(entry.IAmAliveTime, read.IAmAliveTime);
        (SiloAddress voter, DateTime time) = Assert.Single(read.SuspectTimes!);
        Assert.Equal(Silos.Entry(2).SiloAddress, voter);
        IsAbout(entry.StartTime.AddSeconds(-3), time);
    }

    [Fact]
    public async Task InsertRow_Refuses_ASecondRowOfTheSameSilo()
    {
        await Silos.JoinAsync(_table, Silos.Entry(1));
        MembershipTableData before = await _table.ReadAll();
        Assert.False(await _table.InsertRow(Silos.Entry(1, SiloStatus.Active), before.Version.Next()));
        await IsUnchangedAsync(before);
    }

    [Fact]
    public async Task InsertRow_Refuses_AnOldOrInventedTableVersion()
    {
        TableVersion old = (await _table.ReadAll()).Version;
        await Silos.JoinAsync(_table, Silos.Entry(1));
        MembershipTableData before = await _table.ReadAll();
        Assert.False(await _table.InsertRow(Silos.Entry(2), old.Next()));
        Assert.False(await _table.InsertRow(Silos.Entry(2), new TableVersion(before.Version.Version + 1, "invented")));
        Assert.False(await _table.InsertRow(Silos.Entry(2), before.Version));
        Assert.False(await _table.InsertRow(Silos.Entry(2), new TableVersion(before.Version.Version + 2, before.Version.VersionEtag)));
        await IsUnchangedAsync(before);
    }

    [Fact]
    public async Task UpdateRow_ChangesTheRowAndItsEtag_AndTheTables()
    {
        await Silos.JoinAsync(_table, Silos.Entry(1));
        await Silos.JoinAsync(_table, Silos.Entry(2));
        MembershipTableData before = await _table.ReadAll();
        (_, string etag) = before.Members.Single(static row => row.Item1.SiloName == "n1");
        Assert.True(await _table.UpdateRow(Silos.Entry(1, SiloStatus.Active), etag, before.Version.Next()));
        MembershipTableData after = await _table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(etag, after.Members.Single(static row => row.Item1.SiloName == "n1").Item2);
        Assert.Equal(
            before.Members.Single(static row => row.Item1.SiloName == "n2").Item2,
            after.Members.Single(static row => row.Item1.SiloName == "n2").Item2);
    }

    [Fact]
    public async Task UpdateRow_Refuses_AnOldRow_AnOldTable_AndAMissingRow()
    {
        await Silos.JoinAsync(_table, Silos.Entry(1));
        MembershipTableData before = await _table.ReadAll();
        string etag = before.Members.Single().Item2;
        MembershipEntry active = Silos.Entry(1, SiloStatus.Active);
        Assert.True(await _table.UpdateRow(active, etag, before.Version.Next()));
        MembershipTableData after = await _table.ReadAll();
        Assert.False(await _table.UpdateRow(active, etag, after.Version.Next()));
        Assert.False(await _table.UpdateRow(active, "invented", after.Version.Next()));
        Assert.False(await _table.UpdateRow(active, after.Members.Single().Item2, before.Version.Next()));
        Assert.False(await _table.UpdateRow(Silos.Entry(2), after.Members.Single().Item2, after.Version.Next()));
        await IsUnchangedAsync(after);
    }

    [Fact]
    public async Task UpdateIAmAlive_ChangesTheTimeOnly_SoThatUpdatesBesideItGoThrough()
    {
        await Silos.JoinAsync(_table, Silos.Entry(1, SiloStatus.Joining, DateTime.UtcNow.AddMinutes(-5)));
        MembershipTableData before = await _table.ReadAll();
        MembershipEntry heartbeat = Silos.Entry(1, SiloStatus.Dead);
        await _table.UpdateIAmAlive(heartbeat);
        MembershipTableData after = await _table.ReadRow(heartbeat.SiloAddress);
        (MembershipEntry read, string etag) = after.Members.Single();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Members.Single().Item2, etag);
        Assert.Equal(SiloStatus.Joining, read.Status);
        IsAbout(heartbeat.IAmAliveTime, read.IAmAliveTime);
        IsAbout(before.Members.Single().Item1.StartTime, read.StartTime);
        Assert.True(await _table.UpdateRow(Silos.Entry(1, SiloStatus.Active), before.Members.Single().Item2, before.Version.Next()));
        await _table.UpdateIAmAlive(Silos.Entry(9));
        Assert.Single((await _table.ReadAll()).Members);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RemovesOnlyTheDead_WhoseLastSignIsOlder()
    {
        DateTime now = DateTime.UtcNow, old = now.AddHours(-2);
        await Silos.JoinAsync(_table, Silos.Entry(1, SiloStatus.Dead, old));
        await Silos.JoinAsync(_table, Silos.Entry(2, SiloStatus.Active, old));
        MembershipEntry voted = Silos.Entry(3, SiloStatus.Dead, old);
        voted.AddSuspector(voted.SiloAddress, now.AddMinutes(-1));
        await Silos.JoinAsync(_table, voted);
        await Silos.JoinAsync(_table, Silos.Entry(4, SiloStatus.Dead, old));
        await _table.UpdateIAmAlive(Silos.Entry(4));
        MembershipEntry restarted = Silos.Entry(5, SiloStatus.Dead, old);
        restarted.StartTime = now;
        await Silos.JoinAsync(_table, restarted);
        await _table.CleanupDefunctSiloEntries(now.AddHours(-3));
        Assert.Equal(5, (await _table.ReadAll()).Members.Count);
        await _table.CleanupDefunctSiloEntries(now.AddHours(-1));
        Assert.Equal(["n2", "n3", "n4", "n5"], (await _table.ReadAll()).Members.Select(static row => row.Item1.SiloName).Order());
    }

    [Fact]
    public async Task DeleteMembershipTableEntries_RemovesAllRows_AndSilosCanJoinAgain()
    {
        await Silos.JoinAsync(_table, Silos.Entry(1));
        await _table.DeleteMembershipTableEntries("quorleans");
        Assert.Empty((await _table.ReadAll()).Members);
        await Silos.JoinAsync(_table, Silos.Entry(1));
        Assert.Single((await _table.ReadAll()).Members);
    }

    [Fact]
    public async Task ConcurrentJoins_AllSucceed_EachWithAVersionOfItsOwn()
    {
        const int Joining = 12;
        int[] attempts = await Task.WhenAll(Enumerable.Range(1, Joining).Select(i => Silos.JoinAsync(_cluster.Table(), Silos.Entry(i))));
        MembershipTableData data = await _table.ReadAll();
        Assert.Equal(Joining, data.Members.Count);
        Assert.Equal(Joining, data.Version.Version);
        Assert.Equal(Joining, data.Members.Select(static row => row.Item2).Distinct().Count());
        Assert.True(attempts.Sum() > Joining, "Nobody was ever refused, so these joins were not concurrent.");
    }

    [Fact]
    public async Task TimesAreRight_ForSilosWhoseClocksDiffer()
    {
        TimeSpan ahead = TimeSpan.FromHours(1), behind = TimeSpan.FromHours(-3);
        RaftMembershipTable fast = _cluster.Table(ahead), slow = _cluster.Table(behind);
        DateTime inFast = DateTime.UtcNow + ahead;
        MembershipEntry entry = Silos.Entry(1, SiloStatus.Active, inFast.AddSeconds(-30));
        entry.AddSuspector(Silos.Entry(2).SiloAddress, inFast.AddSeconds(-10));
        await Silos.JoinAsync(fast, entry);
        DateTime inSlow = DateTime.UtcNow + behind;
        MembershipEntry seen = (await slow.ReadAll()).Members.Single().Item1;
        IsAbout(inSlow.AddSeconds(-30), seen.StartTime);
        IsAbout(inSlow.AddSeconds(-30), seen.IAmAliveTime);
        IsAbout(inSlow.AddSeconds(-10), seen.SuspectTimes!.Single().Item2);

        // What the slow one writes back must not make the fast one older or younger.
        await Silos.SetAsync(slow, entry.SiloAddress, SiloStatus.Dead);
        IsAbout(entry.StartTime, (await fast.ReadAll()).Members.Single().Item1.StartTime);
        await slow.CleanupDefunctSiloEntries(DateTime.UtcNow + behind - TimeSpan.FromMinutes(10));
        Assert.Single((await fast.ReadAll()).Members);
        await slow.CleanupDefunctSiloEntries(DateTime.UtcNow + behind + TimeSpan.FromMinutes(1));
        Assert.Empty((await fast.ReadAll()).Members);
    }

    private async Task IsUnchangedAsync(MembershipTableData before)
    {
        MembershipTableData after = await _table.ReadAll();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(
            before.Members.Select(static row => (row.Item1.SiloAddress, row.Item1.Status, row.Item2)),
            after.Members.Select(static row => (row.Item1.SiloAddress, row.Item1.Status, row.Item2)));
    }

    // Times travel as ages, so the way to the table and back shows in them, on a loaded machine too.
    private static void IsAbout(DateTime expected, DateTime actual) => Assert.InRange((actual - expected).TotalSeconds, -5, 5);
}
