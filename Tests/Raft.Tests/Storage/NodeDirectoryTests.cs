using System.Diagnostics;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;

namespace Quorleans.Raft.Tests;

public sealed class NodeDirectoryTests : IDisposable
{
    private static readonly Guid Cluster = new("11111111-2222-3333-4444-555555555555");
    private readonly TemporaryDirectory _temporary = new();

    private string DataPath => _temporary.File("n1");

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void IdentityIsCreatedOnce_AndKept()
    {
        Assert.Null(NodeDirectory.Peek(DataPath));
        NodeIdentity first;
        using (NodeDirectory directory = NodeDirectory.Open(DataPath, "n1", Cluster))
        {
            first = directory.Identity;
            Assert.True(directory.IsNew);
            Assert.Equal(("n1", Cluster, 1), (first.Node, first.ClusterId, first.FormatVersion));
            Assert.NotEqual(Guid.Empty, first.NodeId);
        }

        using NodeDirectory again = NodeDirectory.Open(DataPath, "n1", Cluster);
        Assert.Equal(first, again.Identity);
        Assert.False(again.IsNew);
        Assert.Equal(first, NodeDirectory.Peek(DataPath));
    }

    [Fact]
    public void SecondOpenIsRefused_NamingWhoHoldsIt()
    {
        using NodeDirectory held = NodeDirectory.Open(DataPath, "n1", Cluster);
        NodeDirectoryException refused = Refused(NodeDirectoryError.Locked);
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LockOfAKilledProcessIsGone()
    {
        // flock(1) takes the lock as another process would, and dies by SIGKILL.
        NodeDirectory.Open(DataPath, "n1", Cluster).Dispose();
        using Process holder = Process.Start(new ProcessStartInfo("flock", ["-x", "--no-fork", Path.Combine(DataPath, "node.lock"), "sh", "-c", "echo held; exec sleep 60"]) { RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            Refused(NodeDirectoryError.Locked);
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
            holder.WaitForExit();
        }

        NodeDirectory.Open(DataPath, "n1", Cluster).Dispose();
    }

    [Fact]
    public void OtherNodesDirectoryIsRefused()
    {
        NodeDirectory.Open(DataPath, "n2", Cluster).Dispose();
        Assert.Contains("'n2'", Refused(NodeDirectoryError.OtherNode).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherClustersDirectoryIsRefused()
    {
        Guid other = Guid.NewGuid();
        NodeDirectory.Open(DataPath, "n1", other).Dispose();
        Assert.Contains(other.ToString(), Refused(NodeDirectoryError.OtherCluster).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NewerFormatIsRefused_WhateverElseItHolds()
    {
        WriteIdentity("""{ "formatVersion": 7, "somethingNew": [] }""");
        Assert.Contains("format 7", Refused(NodeDirectoryError.NewerFormat).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("""{ "formatVersion": "x" }""")]
    [InlineData("""{ "formatVersion": 1, "clusterId": "11111111-2222-3333-4444-555555555555", "node": "n1" }""")]
    [InlineData("""{ "formatVersion": 1, "clusterId": "11111111-2222-3333-4444-555555555555", "node": "n1", "nodeId": "zzz" }""")]
    [InlineData("""{ "formatVersion": 1, "clusterId": "11111111-2222-3333-4444-555555555555", "node": "", "nodeId": "11111111-2222-3333-4444-555555555556" }""")]
    public void MalformedIdentityIsRefused(string content)
    {
        WriteIdentity(content);
        Assert.Contains("node.json", Refused(NodeDirectoryError.Malformed).Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(Path.Combine(DataPath, "node.json")));
    }

    [Fact]
    public void LogWithoutItsIdentityIsRefused()
    {
        Directory.CreateDirectory(DataPath);
        File.WriteAllBytes(Path.Combine(DataPath, "wal-000001.log"), new byte[10]);
        Assert.Contains("wal-000001.log", Refused(NodeDirectoryError.Malformed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PathThatIsAFileIsRefused()
    {
        File.WriteAllText(DataPath, "x");
        Refused(NodeDirectoryError.Unusable);
    }

    [Fact]
    public void ReadOnlyPlaceIsRefused()
    {
        // A place that nobody may write, root neither.
        NodeDirectoryException refused = Assert.Throws<NodeDirectoryException>(() => NodeDirectory.Open("/sys/quorleans-test", "n1", Cluster));
        Assert.Equal(NodeDirectoryError.ReadOnly, refused.Error);
        Assert.Contains("/sys/quorleans-test", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdentityIsWholeOrAbsent_WhenThePowerGoesAtAnyOperation()
    {
        NodeIdentity identity = new(1, Cluster, "n1", Guid.NewGuid());
        for (long operation = 0; operation < 4; operation++)
        {
            foreach (CrashMoment moment in Enum.GetValues<CrashMoment>())
            {
                foreach (UnsyncedFate fate in Enum.GetValues<UnsyncedFate>())
                {
                    SimulatedDisk disk = new((int)operation);
                    disk.CrashAt(operation, moment);
                    Assert.Throws<SimulatedCrashException>(() => identity.Write(disk));
                    disk.Restart(fate);
                    NodeIdentity? found = NodeIdentity.Read(disk);
                    Assert.True(found is null || found == identity);
                    identity.Write(disk);
                    disk.Restart(UnsyncedFate.Lost);
                    Assert.Equal(identity, NodeIdentity.Read(disk));
                }
            }
        }
    }

    private NodeDirectoryException Refused(NodeDirectoryError error)
    {
        NodeDirectoryException refused = Assert.Throws<NodeDirectoryException>(() => NodeDirectory.Open(DataPath, "n1", Cluster));
        Assert.Equal(error, refused.Error);
        Assert.Contains(DataPath, refused.Message, StringComparison.Ordinal);
        return refused;
    }

    private void WriteIdentity(string content)
    {
        Directory.CreateDirectory(DataPath);
        File.WriteAllText(Path.Combine(DataPath, "node.json"), content);
    }
}
