using Quorleans.Hosting;

namespace Quorleans.Cluster.Tests.Embedded;

public sealed class ProcessMembershipTableTests
{
    private readonly ProcessMembershipTable _table = new();

    [Fact]
    public async Task InsertRow_Refuses_ASecondRowOfTheSameSilo()
    {
        Assert.True(await InsertAsync(Entry(1)));
        Assert.False(await _table.InsertRow(Entry(1), (await _table.ReadAll()).Version.Next()));
    }

    [Fact]
    public async Task InsertRow_Refuses_AnOldTableVersion()
    {
        TableVersion old = (await _table.ReadAll()).Version;
        Assert.True(await InsertAsync(Entry(1)));
        Assert.False(await _table.InsertRow(Entry(2), old.Next()));
        Assert.Single((await _table.ReadAll()).Members);
    }

    [Fact]
    public async Task UpdateRow_Refuses_AnOldRowAndAnOldTableAndAMissingRow()
    {
        Assert.True(await InsertAsync(Entry(1)));
        MembershipTableData before = await _table.ReadAll();
        string etag = before.Members[0].Item2;
        MembershipEntry active = Entry(1, SiloStatus.Active);
        Assert.True(await _table.UpdateRow(active, etag, before.Version.Next()));
        Assert.False(await _table.UpdateRow(active, etag, (await _table.ReadAll()).Version.Next()));
        MembershipTableData after = await _table.ReadAll();
        Assert.False(await _table.UpdateRow(active, after.Members[0].Item2, before.Version.Next()));
        Assert.False(await _table.UpdateRow(Entry(2), after.Members[0].Item2, after.Version.Next()));
        Assert.Equal(SiloStatus.Active, after.Members[0].Item1.Status);
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
    }

    [Fact]
    public async Task UpdateIAmAlive_ChangesNoEtag_SoThatUpdatesGoThroughBesideIt()
    {
        Assert.True(await InsertAsync(Entry(1)));
        MembershipTableData before = await _table.ReadAll();
        MembershipEntry heartbeat = Entry(1);
        heartbeat.IAmAliveTime = new DateTime(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await _table.UpdateIAmAlive(heartbeat);
        MembershipTableData after = await _table.ReadRow(heartbeat.SiloAddress);
        Assert.Equal(before.Version.VersionEtag, after.Version.VersionEtag);
        Assert.Equal(heartbeat.IAmAliveTime, after.Members[0].Item1.IAmAliveTime);
        Assert.True(await _table.UpdateRow(Entry(1, SiloStatus.Active), before.Members[0].Item2, before.Version.Next()));
    }

    [Fact]
    public async Task Entries_AreCopies_WhenReadAndWhenWritten()
    {
        MembershipEntry entry = Entry(1);
        Assert.True(await InsertAsync(entry));
        entry.Status = SiloStatus.Dead;
        MembershipEntry read = (await _table.ReadRow(entry.SiloAddress)).Members[0].Item1;
        Assert.Equal(SiloStatus.Joining, read.Status);
        read.AddSuspector(entry.SiloAddress, DateTime.UnixEpoch);
        Assert.Empty((await _table.ReadRow(entry.SiloAddress)).Members[0].Item1.SuspectTimes ?? []);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RemovesOnlyTheDeadWhoseLastSignIsOld()
    {
        var limit = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.True(await InsertAsync(Entry(1, SiloStatus.Dead)));
        Assert.True(await InsertAsync(Entry(2, SiloStatus.Active)));
        MembershipEntry voted = Entry(3, SiloStatus.Dead);
        voted.AddSuspector(voted.SiloAddress, limit.AddSeconds(1));
        Assert.True(await InsertAsync(voted));
        await _table.CleanupDefunctSiloEntries(limit);
        Assert.Equal([2, 3], (await _table.ReadAll()).Members.Select(row => row.Item1.SiloAddress.Generation).Order());
    }

    [Fact]
    public async Task AFencedSilo_WritesIntoItsOwnCopyOnly()
    {
        var fenced = new FencedMembershipTable(_table, "n1");
        Assert.True(await InsertAsync(Entry(1)));
        Assert.True(await InsertAsync(Entry(2)));
        MembershipTableData seen = await fenced.ReadRow(Entry(1).SiloAddress);
        fenced.Fence();
        Assert.True(await fenced.UpdateRow(Entry(1, SiloStatus.Dead), seen.Members[0].Item2, seen.Version.Next()));
        Assert.Equal(SiloStatus.Joining, (await _table.ReadRow(Entry(1).SiloAddress)).Members[0].Item1.Status);
        Assert.Equal(SiloStatus.Dead, Assert.Single((await fenced.ReadAll()).Members).Item1.Status);
    }

    private async Task<bool> InsertAsync(MembershipEntry entry) => await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());

    private static MembershipEntry Entry(int silo, SiloStatus status = SiloStatus.Joining) => new()
    {
        SiloAddress = SiloAddress.New(System.Net.IPAddress.Loopback, 1000 + silo, silo),
        SiloName = $"n{silo}",
        HostName = "localhost",
        Status = status,
        StartTime = new DateTime(2029, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2029, 6, 1, 0, 0, 0, DateTimeKind.Utc),
    };
}
