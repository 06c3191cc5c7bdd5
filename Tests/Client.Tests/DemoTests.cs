using Quorleans.Client.Demo;
using Quorleans.Client.Tests.Fakes;
using Quorleans.KeyValue;

namespace Quorleans.Client.Tests;

public sealed class DemoTests
{
    [Fact]
    public async Task Demo_StopsTheLeaderRestartsAllAndVerifies()
    {
        FakeDemoCluster cluster = new();
        using ClientHarness client = new(demo: cluster);
        int status = await client.RunAsync("demo");
        Assert.True(status == ExitCode.Ok, client.Error + client.Out);
        Assert.Equal(["start", "stop n1", "start n1", "stop n3", "start n3", "stop", "start", "dispose"], cluster.Events);
        Assert.Contains("http://127.0.0.1:1234/dashboard", client.Out, StringComparison.Ordinal);
        Assert.Contains("acknowledged writes are there", client.Out, StringComparison.Ordinal);
        Assert.Equal([2, 3], Assert.IsType<JoinCommand>(cluster.ShardCommands[0]).Groups.Select(static group => group.Gid));
        Assert.Equal([3], Assert.IsType<LeaveCommand>(cluster.ShardCommands[1]).Gids);
        Assert.Contains("join 2 and 3  → 2 shards moved", client.Out, StringComparison.Ordinal);
        Assert.Contains("leave 3  → 1 shards moved", client.Out, StringComparison.Ordinal);
        Assert.Contains("is linearizable", client.Out, StringComparison.Ordinal);
        Assert.Contains("3 of 16 map tasks are done. n3 is now stopped abruptly", client.Out, StringComparison.Ordinal);
        Assert.Contains("byte for byte", client.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', client.Out);
    }

    [Theory]
    [InlineData("greeting")]
    [InlineData("tick/00000005")]
    public async Task Demo_Ends1AndNamesTheKey_WhenAnAcknowledgedWriteIsMissing(string key)
    {
        using ClientHarness client = new(demo: new FakeDemoCluster { ForgottenKey = key });
        Assert.Equal(ExitCode.Error, await client.RunAsync("demo"));
        Assert.Contains($"{key}: acknowledged", client.Out, StringComparison.Ordinal);
        Assert.Contains("missing", client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_Ends1_WhenWhatClientsSawWhileShardsMovedIsNotLinearizable()
    {
        using ClientHarness client = new(demo: new FakeDemoCluster { LiesAbout = "k7" });
        int status = await client.RunAsync("demo");
        Assert.True(status == ExitCode.Error, client.Error + client.Out);
        Assert.Contains("not linearizable, or could not be decided: k7", client.Out, StringComparison.Ordinal);
        Assert.Contains("not linearizable", client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void FindRoot_LooksUpwards_FromEachStart()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("quorleans-test-");
        try
        {
            DirectoryInfo deep = root.CreateSubdirectory("a/b/c");
            File.WriteAllText(Path.Combine(root.FullName, "Orleans.sln"), "");
            File.WriteAllText(Path.Combine(deep.FullName, "x.md"), "one\n\ntwo\n");
            File.WriteAllText(Path.Combine(root.CreateSubdirectory("bin").FullName, "y.md"), "no\n");
            Assert.Equal(root.FullName, MarkdownLines.FindRoot(Path.GetTempPath(), deep.FullName));
            Assert.Equal(
                [new("doc/a/b/c/x.md/0001", "one"), new("doc/a/b/c/x.md/0003", "two")],
                MarkdownLines.Read(root.FullName));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void DoubtfulWrite_IsNotOwed()
    {
        AcknowledgedWrites writes = new();
        writes.Acknowledge("a", "1");
        writes.Doubt("b");
        writes.Acknowledge("b", "2");
        Assert.Equal(1, writes.Count);
    }
}
