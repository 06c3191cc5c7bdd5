using CsCheck;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Controller.Tests;

public sealed class SnapshotTests
{
    private readonly TestController _controller = TestController.Cluster(shards: 10);

    public SnapshotTests()
    {
        for (int gid = 2; gid < 6; gid++)
        {
            _controller.Join(gid);
            _controller.Commit(_controller.Map.Shards.IndexOf(_controller.Map.Shards.First(shard => shard.IsMoving)));
        }

        _controller.Leave(5);
        _controller.Leave(3);
        _controller.Send(new CommandSession(new ClientId(77), 4, 1, 5000), new RebalanceCommand());
        _controller.Send(new CommandSession(new ClientId(77), 3, 1), new RebalanceCommand());
    }

    [Fact]
    public void ASnapshot_BringsEverythingBack()
    {
        byte[] snapshot = TestController.Snapshot(_controller.Machine);
        ControllerStateMachine restored = _controller.Restored(snapshot);
        Assert.Equal(_controller.Machine.Digest, restored.Digest);
        Assert.Equal(snapshot, TestController.Snapshot(restored));
        Invariants.Check(restored);
    }

    /// <summary>What version 1 of the program wrote of the state above stands in <c>testdata</c>, as hexadecimal digits, and is never changed: every later program must find the same in it. <c>QUORLEANS_WRITE_FIXTURES=1</c> writes it where there is none.</summary>
    [Fact]
    public void ASnapshotOfVersion1_IsUnderstood()
    {
        string fixture = Fixture("snapshot-v1.hex");
        if (Environment.GetEnvironmentVariable("QUORLEANS_WRITE_FIXTURES") == "1" && !File.Exists(fixture))
            File.WriteAllText(fixture, Convert.ToHexString(TestController.Snapshot(_controller.Machine)) + "\n");
        ControllerStateMachine restored = _controller.Restored(Convert.FromHexString(File.ReadAllText(fixture).Trim()));
        Invariants.Check(restored);
        Assert.Equal(_controller.Machine.Digest, restored.Digest);
        Assert.Equal(_controller.Map.Revision, restored.Map.Revision);
        Assert.Equal<ShardPlace>(_controller.Map.Shards, restored.Map.Shards);
        Assert.Equal(_controller.Map.Groups.Select(static group => (group.Gid, group.Phase)), restored.Map.Groups.Select(static group => (group.Gid, group.Phase)));
    }

    [Fact]
    public void AView_DoesNotChange_WhileTheControllerGoesOn()
    {
        byte[] expected = TestController.Snapshot(_controller.Machine);
        using ISnapshotView view = _controller.Machine.Capture();
        _controller.Join(9);
        _controller.CommitAll();
        using var stream = new MemoryStream();
        view.WriteTo(stream, CancellationToken.None);
        Assert.Equal(expected, stream.ToArray());
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.WriteTo(stream, CancellationToken.None));
    }

    [Fact]
    public void Load_RefusesEveryDamage()
    {
        byte[] snapshot = TestController.Snapshot(_controller.Machine);
        for (int length = 0; length < snapshot.Length; length++) AssertRefused(snapshot[..length]);
        AssertRefused([.. snapshot, 0]);
        for (int i = 0; i < snapshot.Length; i++)
        {
            byte[] damaged = [.. snapshot];
            damaged[i] ^= 0x10;
            AssertRefused(damaged);
        }
    }

    [Fact]
    public void Load_OfHostileBytesUnderARightHash_FailsCleanly()
    {
        byte[] snapshot = TestController.Snapshot(_controller.Machine);
        byte[] body = snapshot[..^32];
        Gen.Select(Gen.Int[6, body.Length - 1], Gen.Int[1, 255], Gen.Int[0, 20]).Sample((at, flip, cut) =>
        {
            byte[] hostile = body[..^cut];
            hostile[at % hostile.Length] ^= (byte)(at % hostile.Length < 6 ? 0 : flip);
            try
            {
                _controller.Restored([.. hostile, .. System.Security.Cryptography.SHA256.HashData(hostile)]);
            }
            catch (InvalidDataException)
            {
            }
        }, iter: 3000);
    }

    [Fact]
    public void Load_TellsANewerFormatAndOtherOptions()
    {
        byte[] newer = TestController.Snapshot(_controller.Machine);
        newer[4]++;
        Assert.Contains("Upgrade", AssertRefused(newer).Message, StringComparison.Ordinal);
        Assert.Contains("64 shards", AssertRefused(TestController.Snapshot(TestController.Cluster().Machine)).Message, StringComparison.Ordinal);
        Assert.Contains("options", AssertRefused(TestController.Snapshot(TestController.Labs().Machine)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadAndWriteTo_StopWhenCancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => _controller.Machine.Load(new MemoryStream(TestController.Snapshot(_controller.Machine)), cancelled));
        using ISnapshotView view = _controller.Machine.Capture();
        Assert.Throws<OperationCanceledException>(() => view.WriteTo(new MemoryStream(), cancelled));
    }

    [Fact]
    public void Install_TakesOnlyWhatLoadReturned() => Assert.Throws<ArgumentException>(() => _controller.Machine.Install(new object()));

    private static string Fixture(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "testdata");
            if (Directory.Exists(candidate)) return Path.Combine(candidate, name);
        }

        throw new DirectoryNotFoundException($"No folder testdata at or above {AppContext.BaseDirectory}.");
    }

    private InvalidDataException AssertRefused(byte[] snapshot) => Assert.Throws<InvalidDataException>(() => _controller.Restored(snapshot));
}
