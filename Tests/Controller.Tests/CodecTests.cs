using CsCheck;

namespace Quorleans.KeyValue.Controller.Tests;

public sealed class CodecTests
{
    private static readonly Gen<string> _name = Gen.Char[(char)0x21, (char)0x7e].Where(c => c is not '/' and not ',').Array[1, 64].Select(chars => new string(chars));

    private static readonly Gen<ControllerNode> _node = Gen.Select(_name, Gen.Guid).Select((name, id) => new ControllerNode(name, id));

    private static readonly Gen<int[]> _gids = Gen.Int[1, int.MaxValue].Array[1, 8].Select(gids => gids.Distinct().Order().ToArray());

    private static readonly Gen<ControllerCommand> _planned = Gen.OneOf(
        Gen.Select(_gids, _name.Array[0, 5]).Select(ControllerCommand (gids, nodes) => ControllerCommand.Join([.. gids.Select(gid => new JoiningGroup(gid, [.. nodes]))])),
        _gids.Select(ControllerCommand (gids) => ControllerCommand.Leave(gids)),
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Select(ControllerCommand (shard, gid) => new MoveCommand(new ShardId(shard), gid)),
        Gen.Const<ControllerCommand>(new RebalanceCommand()));

    private static readonly Gen<ControllerCommand> _command = Gen.OneOf(
        _planned,
        _name.Select(ControllerCommand (name) => new RemoveNodeCommand(name)),
        _node.Select(ControllerCommand (node) => new RegisterNodeCommand(node)),
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue], Gen.Bool).Select(ControllerCommand (shard, move, done) => new MoveOverCommand(new ShardId(shard), move, done)),
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue]).Select(ControllerCommand (gid, incarnation) => new GroupActiveCommand(gid, incarnation)),
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], _node.Array[1, 5])
            .Select(ControllerCommand (gid, incarnation, version, nodes) => new MembersChangedCommand(gid, incarnation, version, [.. nodes])),
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue], _name).Select(ControllerCommand (gid, incarnation, name) => new GroupCleanedCommand(gid, incarnation, name)));

    private static readonly Gen<byte[]> _messages = Gen.OneOf(
        _command.Select(Encode),
        Gen.OneOf(
            Gen.Long[-1, long.MaxValue - 1].Select(ControllerQuery (number) => new ConfigurationQuery(number)),
            Gen.Long[-1, long.MaxValue - 1].Select(ControllerQuery (revision) => new MapQuery(revision)),
            _planned.Select(ControllerQuery (command) => new PlanQuery(command))).Select(ControllerCodec.Encode),
        Gen.Select(Gen.Byte[1, 17], Gen.Long[0, long.MaxValue], _name).Select((status, number, subject) => ControllerCodec.Encode(new ControllerResult((ControllerStatus)status, number, subject))),
        Gen.Int[0, 60].Select(steps => Answers(steps)[steps % 5]));

    [Fact]
    public void EveryMessage_ComesBackAsItWas_AndHasOneEncodingOnly() => _messages.Sample(message => Assert.Equal(message, Again(message)), iter: 2000);

    [Fact]
    public void ATruncatedOrLongerMessage_IsMalformed() => _messages.Sample(message =>
    {
        for (int length = 0; length < message.Length; length++) Assert.True(ErrorOf(message[..length], message[0]).IsError);
        Assert.True(ErrorOf([.. message, 0], message[0]).IsError);
    }, iter: 300);

    [Fact]
    public void ADamagedMessage_IsRefused_OrIsAnotherWellFormedOne() => Gen.Select(_messages, Gen.Int[0, 1 << 20], Gen.Int[1, 255]).Sample((message, at, flip) =>
    {
        message[at % message.Length] ^= (byte)flip;
        // Never an exception, and never two encodings of one message.
        if (message[0] is >= ControllerCodec.Command and <= ControllerCodec.Answer && !ErrorOf(message, message[0]).IsError) Assert.Equal(message, Again(message));
    }, iter: 5000);

    [Fact]
    public void HostileBytes_AreRefusedOrRead_WithoutAnException() => Gen.Select(Gen.Byte[0x40, 0x43], Gen.Byte[0, 4], Gen.Byte.Array[0, 100]).Sample((first, kind, rest) =>
    {
        byte[] message = [first, 1, kind, .. rest];
        if (!ErrorOf(message, first).IsError) Assert.Equal(message, Again(message));
    }, iter: 20_000);

    [Fact]
    public void ANewerVersion_IsNamedAsSuch()
    {
        foreach (byte[] message in (byte[][])[Encode(new RebalanceCommand()), ControllerCodec.Encode(new MapQuery()), ControllerCodec.Encode(new ControllerResult(ControllerStatus.Ok, 1)), Answers(1)[0]])
        {
            message[1] = 2;
            Assert.Equal(ValidationReason.NewerVersion, ErrorOf(message, message[0]).Reason);
        }
    }

    [Fact]
    public void AHugeCount_CostsNothing()
    {
        byte[] join = [.. ControllerCodec.Encode(new CommandSession(new ClientId(1), 1), new RebalanceCommand()), 0xff, 0xff, 0xff, 0xff, 0x07];
        join[2] = 1;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(ErrorOf(join, join[0]).IsError);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    [Fact]
    public void Validate_RefusesWhatIsTooLongOrMalformed_OnBothPaths()
    {
        var machine = new ControllerStateMachine(new ControllerOptions { ShardCount = 1, Limits = ControllerLimits.Default with { MaxRequestBytes = 64 } });
        Assert.Null(machine.Validate(ControllerCodec.Encode(new MapQuery()), isQuery: true));
        Assert.NotNull(machine.Validate(ControllerCodec.Encode(new MapQuery()), isQuery: false));
        Assert.NotNull(machine.Validate(new byte[3], isQuery: true));
        Assert.Contains("65 bytes", machine.Validate(new byte[65], isQuery: false), StringComparison.Ordinal);
    }

    [Fact]
    public void ASession_IsDemandedExactlyWhereOneBelongs()
    {
        Assert.Throws<ArgumentException>(() => ControllerCodec.Encode(new RebalanceCommand()));
        Assert.Throws<ArgumentException>(() => ControllerCodec.Encode(new CommandSession(new ClientId(1), 1), new GroupActiveCommand(1, 1)));
        Assert.Throws<ArgumentException>(() => ControllerCodec.Encode(new PlanQuery(new GroupActiveCommand(1, 1))));
    }

    private static byte[] Encode(ControllerCommand command) =>
        command.NeedsSession ? ControllerCodec.Encode(new CommandSession(new ClientId(7), 9, 3, 1234), command) : ControllerCodec.Encode(command);

    private static byte[][] Answers(int steps)
    {
        TestController controller = TestController.Cluster(shards: 8);
        for (int gid = 2; gid < 2 + steps % 7; gid++) controller.Join(gid);
        for (int shard = 0; shard < steps % 8; shard++)
        {
            if (controller.Map.Shards[shard].IsMoving) controller.Commit(shard);
        }

        if (steps % 3 == 0 && controller.Map.Groups.Length > 1) controller.Leave(2);
        return
        [
            ControllerCodec.Encode(controller.AskMap()), ControllerCodec.Encode(controller.AskMap(controller.Map.Revision)),
            ControllerCodec.Encode(new ConfigurationAnswer(1, controller.Query())), ControllerCodec.Encode(new ConfigurationAnswer(5, null)),
            ControllerCodec.Encode(controller.Plan(ControllerCommand.Join(TestController.Group(99, "n1")))),
        ];
    }

    private static ValidationError ErrorOf(byte[] message, byte kind) => kind switch
    {
        ControllerCodec.Command => ControllerCodec.TryRead(message, out CommandSession _, out _),
        ControllerCodec.Query => ControllerCodec.TryRead(message, out ControllerQuery? _),
        ControllerCodec.Result => ControllerCodec.TryRead(message, out ControllerResult _),
        _ => ControllerCodec.TryRead(message, out ControllerAnswer? _),
    };

    private static byte[] Again(byte[] message)
    {
        switch (message[0])
        {
            case ControllerCodec.Command:
                Assert.False(ControllerCodec.TryRead(message, out CommandSession session, out ControllerCommand? command).IsError);
                return ControllerCodec.Encode(session, command!);
            case ControllerCodec.Query:
                Assert.False(ControllerCodec.TryRead(message, out ControllerQuery? query).IsError);
                return ControllerCodec.Encode(query!);
            case ControllerCodec.Result:
                Assert.False(ControllerCodec.TryRead(message, out ControllerResult result).IsError);
                return ControllerCodec.Encode(result);
            default:
                Assert.False(ControllerCodec.TryRead(message, out ControllerAnswer? answer).IsError);
                return ControllerCodec.Encode(answer!);
        }
    }
}
