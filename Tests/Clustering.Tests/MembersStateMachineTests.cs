using CsCheck;
using Quorleans.KeyValue.Members;
using Quorleans.Raft;

namespace Quorleans.Clustering.Tests;

/// <summary>The table's state machine by itself; what Orleans asks of it is in <see cref="MembershipTableTests"/>.</summary>
public sealed class MembersStateMachineTests
{
    private readonly MembersStateMachine _machine = new();
    private long _index;

    [Fact]
    public void ATurn_IsOneNodesAtATime_AndOverWhenItEndsOrItsLeaseDoes()
    {
        Assert.Equal(MembersStatus.Done, Apply(new TakeTurn("n1", 3000), 1000));
        Assert.Equal(MembersStatus.Conflict, Apply(new TakeTurn("n2", 3000), 3999));
        Assert.Equal(MembersStatus.Done, Apply(new TakeTurn("n1", 3000), 3999));
        Apply(new EndTurn("n2"), 4000);
        Assert.Equal(MembersStatus.Conflict, Apply(new TakeTurn("n2", 3000), 4001));
        Assert.Equal(MembersStatus.Done, Apply(new TakeTurn("n2", 3000), 6999));
        Apply(new EndTurn("n2"), 7000);
        Assert.Equal(MembersStatus.Done, Apply(new TakeTurn("n3", 3000), 7000));
    }

    [Fact]
    public void ATableThatIsFull_RefusesRows_ButNotUpdates()
    {
        for (int i = 0; i < MembersLimits.MaxRows; i++) Assert.Equal(MembersStatus.Done, Apply(Insert($"s{i}", i, i + 1)));
        Assert.Equal(MembersStatus.Full, Apply(Insert("more", MembersLimits.MaxRows, MembersLimits.MaxRows + 1)));
        MembersRow row = Read().Rows[0];
        Assert.Equal(MembersStatus.Done, Apply(new UpdateRow
        {
            Request = Guid.NewGuid(), RowEtag = row.Etag, TableEtag = MembersLimits.MaxRows, TableVersion = MembersLimits.MaxRows + 1, Silo = row.Silo, Node = row.Node, Status = 6,
            AliveAgeMs = 0, SignAgeMs = 0, Entry = row.Entry,
        }));
    }

    [Fact]
    public void AHeartbeatNeverGoesBack()
    {
        Apply(Insert("s", 0, 1), 1000);
        Apply(new KeepAlive("s", 10), 5000);
        Apply(new KeepAlive("s", 3000), 5001);
        Assert.Equal(4990, Read().Rows.Single().AliveMs);
    }

    [Fact]
    public void Snapshots_HoldAll_AndDamagedOnesAreRefused()
    {
        Apply(Insert("a", 0, 1), 700);
        InsertRow last = Insert("b", 1, 2);
        Apply(last, 800);
        Apply(new KeepAlive("a", 5), 900);
        Apply(new TakeTurn("n1", 3000), 950);
        byte[] snapshot = Snapshot(_machine);
        MembersStateMachine copy = new();
        copy.Install(copy.Load(new MemoryStream(snapshot), CancellationToken.None));
        Assert.Equal(snapshot, Snapshot(copy));
        Assert.Equal(_machine.Query(MembersCodec.ReadAll()).ToArray(), copy.Query(MembersCodec.ReadAll()).ToArray());
        LogEntry again = Entry(last, 1000);
        Assert.Equal(MembersStatus.Done, MembersCodec.ReadStatus(copy.Apply(again, wantResult: true).Span));
        for (int length = 0; length < snapshot.Length; length++)
            Assert.Throws<InvalidDataException>(() => copy.Load(new MemoryStream(snapshot, 0, length), CancellationToken.None));
        snapshot[4] = 3;
        Assert.Contains("format 3", Assert.Throws<InvalidDataException>(() => copy.Load(new MemoryStream(snapshot), CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_AreAddedAndRemoved_EachOnce_AndTheirNamesAreNeverUsedAgain()
    {
        MemberNode four = new("n4", "10.0.0.4", 1, 2, 3, 4), five = new("n5", "10.0.0.5", 1, 2, 3, 4);
        Assert.Equal(0, _machine.Nodes.Version);
        Assert.Equal(MembersStatus.Done, Apply(new AddNode(four)));
        Assert.Equal(MembersStatus.Done, Apply(new AddNode(four)));
        Assert.Equal(MembersStatus.Taken, Apply(new AddNode(four with { Peer = 9 })));
        Assert.Equal(MembersStatus.Taken, Apply(new AddNode(five with { Address = "10.0.0.4", Silo = 4 })));
        Assert.Equal(MembersStatus.Done, Apply(new AddNode(five)));
        Assert.Equal(2, _machine.Nodes.Version);
        Assert.Equal([four, five], _machine.Nodes.Nodes);

        // One that was there from the beginning was never added, and is removed all the same.
        Assert.Equal(MembersStatus.Done, Apply(new RemoveNode("n4")));
        Assert.Equal(MembersStatus.Done, Apply(new RemoveNode("n1")));
        Assert.Equal(MembersStatus.Done, Apply(new RemoveNode("n4")));
        Assert.Equal(MembersStatus.Removed, Apply(new AddNode(four)));
        Assert.Equal(4, _machine.Nodes.Version);
        NodesAnswer answer = MembersCodec.ReadNodes(_machine.Query(MembersCodec.ReadNodes()).Span);
        Assert.Equal([five], answer.Nodes);
        Assert.Equal(["n1", "n4"], answer.Removed);
    }

    [Fact]
    public void NodesAreLimited()
    {
        for (int i = 0; i < MembersLimits.MaxNodes; i++) Assert.Equal(MembersStatus.Done, Apply(new AddNode(new MemberNode($"a{i}", $"10.0.0.{i}", 1, 2, 3, 4))));
        Assert.Equal(MembersStatus.Full, Apply(new AddNode(new MemberNode("more", "10.0.1.1", 1, 2, 3, 4))));
        for (int i = 0; i < MembersLimits.MaxRemovedNodes; i++) Assert.Equal(MembersStatus.Done, Apply(new RemoveNode($"a{i}")));
        Assert.Equal(MembersStatus.Full, Apply(new RemoveNode("more")));
        MembersStateMachine copy = new();
        copy.Install(copy.Load(new MemoryStream(Snapshot(_machine)), CancellationToken.None));
        Assert.Equal(MembersLimits.MaxRemovedNodes, copy.Nodes.Removed.Count);
    }

    [Fact]
    public void Snapshots_AreOfVersion1_UntilANodeIsAddedOrRemoved()
    {
        Apply(Insert("a", 0, 1), 700);
        Assert.Equal(1, Snapshot(_machine)[4]);
        Apply(new AddNode(new MemberNode("n4", "10.0.0.4", 1, 2, 3, 4)), 800);
        Apply(new RemoveNode("n1"), 800);
        byte[] snapshot = Snapshot(_machine);
        Assert.Equal(2, snapshot[4]);
        MembersStateMachine copy = new();
        copy.Install(copy.Load(new MemoryStream(snapshot), CancellationToken.None));
        Assert.Equal(snapshot, Snapshot(copy));
        Assert.Equal(["n4"], copy.Nodes.Nodes.Select(static node => node.Name));
        Assert.Equal(["n1"], copy.Nodes.Removed);
        for (int length = 0; length < snapshot.Length; length++)
            Assert.Throws<InvalidDataException>(() => copy.Load(new MemoryStream(snapshot, 0, length), CancellationToken.None));
    }

    // As the program wrote them that knew no more than their version: one row, and for version 2 a node added and one removed. Never to be changed.
    [Theory]
    [InlineData("514D454D01E807026E31C03E0101010161026E310301F80AF80AF80A010900", "")]
    [InlineData("514D454D02E807026E31C03E0101010161026E310301F80AF80AF80A0109000201026E340831302E302E302E340102030401026E33", "n4")]
    public void SnapshotsOfEachVersion_AreRead(string snapshot, string added)
    {
        _machine.Install(_machine.Load(new MemoryStream(Convert.FromHexString(snapshot)), CancellationToken.None));
        MembersRow row = Assert.Single(Read().Rows);
        Assert.Equal(("a", "n1", 3, 700, 700, 700), (row.Silo, row.Node, row.Status, row.WrittenMs, row.AliveMs, row.SignMs));
        Assert.Equal(MembersStatus.Conflict, Apply(new TakeTurn("n2", 3000), 3999));
        Assert.Equal(added, string.Join(' ', _machine.Nodes.Nodes.Select(static node => node.Name)));
        Assert.Equal(added.Length > 0 ? ["n3"] : (string[])[], _machine.Nodes.Removed);
    }

    [Fact]
    public void Commands_ComeBackAsTheyWere()
    {
        Gen<string> name = Gen.String[Gen.Char['!', '~'], 1, 100];
        Gen<long> age = Gen.Long[-MembersLimits.MaxAgeMs, MembersLimits.MaxAgeMs];
        Gen.Select(name, age).Sample((text, ms) =>
        {
            foreach (MembersCommand command in (MembersCommand[])[new KeepAlive(text, ms), new RetireNode(text), new RemoveDefunct(ms), new TakeTurn(text, ms), new EndTurn(text), new RemoveAll(), new RemoveNode(text), new AddNode(new MemberNode(text, text, 1, 65535, 300, (int)(ms & 0xFFFF)))])
                Assert.Equal(command, MembersCodec.TryReadCommand(MembersCodec.Encode(command)));
            UpdateRow update = new()
            {
                Request = Guid.NewGuid(), RowEtag = ms & long.MaxValue, TableEtag = 7, TableVersion = 8, Silo = text, Node = text, Status = 3, AliveAgeMs = ms, SignAgeMs = -ms, Entry = new byte[] { 1, 2, 3 },
            };
            UpdateRow read = Assert.IsType<UpdateRow>(MembersCodec.TryReadCommand(MembersCodec.Encode(update)));
            Assert.Equal(update.Entry.ToArray(), read.Entry.ToArray());
            Assert.Equal(update with { Entry = default }, read with { Entry = default });
        }, iter: 1000);
    }

    [Fact]
    public void HostileBytes_AreRefusedOrHarmless()
    {
        byte[][] seeds = [MembersCodec.Encode(Insert("silo", 0, 1)), MembersCodec.Encode(new KeepAlive("silo", 5)), MembersCodec.ReadRow("silo"), Snapshot(_machine), []];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 200], Gen.Byte, Gen.Byte.Array[0, 40]).Sample((seed, at, value, tail) =>
        {
            byte[] bytes = [.. seeds[seed], .. tail];
            if (bytes.Length > 0) bytes[at % bytes.Length] = value;
            _ = MembersCodec.TryReadCommand(bytes);
            _ = MembersCodec.TryReadQuery(bytes, out _);
            Refuses(() => MembersCodec.ReadAnswer(bytes));
            Refuses(() => MembersCodec.ReadStatus(bytes));
            Refuses(() => _machine.Load(new MemoryStream(bytes), CancellationToken.None));
        }, iter: 20_000);
    }

    private static void Refuses(Func<object> read)
    {
        try
        {
            read();
        }
        catch (InvalidDataException)
        {
            // The one typed error.
        }
    }

    private static InsertRow Insert(string silo, long etag, int version) => new()
    {
        Request = Guid.NewGuid(), TableEtag = etag, TableVersion = version, Silo = silo, Node = "n1", Status = 3, AliveAgeMs = 0, SignAgeMs = 0, Entry = new byte[] { 9 },
    };

    private static byte[] Snapshot(MembersStateMachine machine)
    {
        using MemoryStream stream = new();
        using ISnapshotView view = machine.Capture();
        view.WriteTo(stream, CancellationToken.None);
        return stream.ToArray();
    }

    private LogEntry Entry(MembersCommand command, long timeMs) => new(new LogIndex(++_index), new Term(1), EntryKind.Command, new LogTime(timeMs), MembersCodec.Encode(command));

    private MembersStatus Apply(MembersCommand command, long timeMs = 0) => MembersCodec.ReadStatus(_machine.Apply(Entry(command, timeMs), wantResult: true).Span);

    private MembersAnswer Read() => MembersCodec.ReadAnswer(_machine.Query(MembersCodec.ReadAll()));
}
