using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class MembershipCommandTests : IDisposable
{
    private readonly ClientHarness _client = new();

    private FakeAdministrator Admin => _client.Cluster.Administrator;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Members_ShowsWhoVotesAndWhoLags()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("members", "g1"));
        string[] rows = [.. _client.Out.Split('\n').Where(line => line.Contains(" n", StringComparison.Ordinal) && line.StartsWith('|'))];
        Assert.Matches(@"1 \| n1 +\| Leader +\| yes +\| +41 \| +0 ", rows[0]);
        Assert.Matches(@"2 \| n2 +\| Voter +\| no +\| +30 \| +11 ", rows[1]);
        Assert.Matches(@"4 \| n4 +\| Learner +\| yes +\| 2 KiB of a snapshot \| +41 ", rows[2]);
        Assert.Contains("Configuration of entry 12, as n1 sees it in term 3.", _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_AsJson_HasALineForEach()
    {
        await _client.RunAsync("members", "g1", "--json");
        JsonElement[] lines = _client.JsonLines();
        Assert.Equal(3, lines.Length);
        Assert.Equal(("n4", "Learner", 4, 2048), (lines[2].GetProperty("node").GetString(), lines[2].GetProperty("kind").GetString(),
            lines[2].GetProperty("memberId").GetInt32(), lines[2].GetProperty("snapshotBytes").GetInt32()));
        Assert.True(lines[0].GetProperty("leader").GetBoolean());
        Assert.Equal(12, lines[1].GetProperty("configurationIndex").GetInt32());
    }

    [Theory]
    [InlineData("add g1 n4", "add-replica", "g1", "n4")]
    [InlineData("remove g1 n2 force", "remove-replica", "g1", "n2", "--force")]
    [InlineData("replace g1 n2 n4", "replace-replica", "g1", "n2", "n4")]
    public async Task Change_AsksForWhatIsMeant_AndSaysHowFarItIs(string call, params string[] words)
    {
        Admin.Says.Add(new MembershipProgress(MembershipStep.CatchingUp, "n4 catches up: entry 1 of 9", 1, 9));
        Admin.Says.Add(new MembershipProgress(MembershipStep.CatchingUp, "n4 catches up: entry 2 of 9", 2, 9)); // within the same second
        Admin.Says.Add(new MembershipProgress(MembershipStep.Changing, "giving n4 a vote"));
        Admin.Says.Add(new MembershipProgress(MembershipStep.Done, "g1 has replicas on n1, n4"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync(words));
        Assert.Equal([call], Admin.Calls);
        Assert.Equal("n4 catches up: entry 1 of 9\ngiving n4 a vote\ng1 has replicas on n1, n4\n", _client.Out);
    }

    [Fact]
    public async Task Change_AsJson_HasALineForEachStep()
    {
        Admin.Says.Add(new MembershipProgress(MembershipStep.CatchingUp, "n4 catches up", 1, 9, 4096));
        Admin.Says.Add(new MembershipProgress(MembershipStep.Done, "done"));
        await _client.RunAsync("add-replica", "g1", "n4", "--json");
        JsonElement[] lines = _client.JsonLines();
        Assert.Equal(("CatchingUp", 9, 4096), (lines[0].GetProperty("step").GetString(), lines[0].GetProperty("lastIndex").GetInt32(), lines[0].GetProperty("snapshotBytes").GetInt32()));
        Assert.Equal("Done", lines[1].GetProperty("step").GetString());
    }

    [Fact]
    public async Task Refusal_IsOneLineWithTheWayOut_AndExitStatus1()
    {
        Admin.Failure = new MembershipException("Not heard from: n3 (member 3).") { CanBeForced = true };
        Assert.Equal(ExitCode.Error, await _client.RunAsync("remove-replica", "g1", "n2"));
        Assert.Equal("error: Not heard from: n3 (member 3). (--force does it all the same)\n", _client.Error);
        Assert.Equal(ExitCode.Error, await _client.RunAsync("members", "g1"));
    }

    [Fact]
    public async Task ForcedChange_WarnsOfWhatItCosts()
    {
        Admin.Says.Add(new MembershipProgress(MembershipStep.Warning, "the group decides nothing until n3 is back"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("remove-replica", "g1", "n2", "--force"));
        Assert.Equal("warning: the group decides nothing until n3 is back\n", _client.Error);
    }

    [Theory]
    [InlineData("add-replica", "g1")]
    [InlineData("replace-replica", "g1", "n2")]
    [InlineData("add-replica", "g1", "n4", "--patience", "0")]
    public async Task WrongUsage_IsRefused(params string[] words)
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync(words));
        Assert.Empty(Admin.Calls);
    }
}
