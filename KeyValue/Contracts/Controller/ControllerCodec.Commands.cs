using System.Collections.Immutable;

namespace Quorleans.KeyValue;

public static partial class ControllerCodec
{
    private const byte Join = 1, Leave = 2, Move = 3, Rebalance = 4, RemoveNode = 5;
    private const byte RegisterNode = 16, MoveCommitted = 17, MoveAborted = 18, GroupActive = 19, MembersChanged = 20, GroupCleaned = 21;

    /// <summary>Encodes a command.</summary>
    /// <param name="session">The client's session for commands that need one; none for the others.</param>
    /// <param name="command">The command.</param>
    /// <exception cref="ArgumentException">A session is missing, or is there where none belongs.</exception>
    public static byte[] Encode(CommandSession session, ControllerCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.NeedsSession == session.IsNone) throw new ArgumentException(command.NeedsSession ? "The command needs a session." : "A report has no session.", nameof(session));
        PayloadWriter writer = Begin(Command);
        writer.Byte(KindOf(command));
        if (command.NeedsSession)
        {
            writer.Client(session.Client);
            writer.Varint(session.Sequence);
            writer.Varint(session.Sequence - session.Floor);
            writer.Varint(session.DeadlineMs);
        }

        WriteBody(writer, command);
        return writer.ToArray();
    }

    /// <summary>Encodes a report: a command without a session.</summary>
    /// <param name="report">The report.</param>
    public static byte[] Encode(ControllerCommand report) => Encode(default, report);

    /// <summary>Reads a command.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="session">Its session, or none.</param>
    /// <param name="command">The command; null when there is an error.</param>
    public static ValidationError TryRead(ReadOnlySpan<byte> payload, out CommandSession session, out ControllerCommand? command)
    {
        (session, command) = (default, null);
        var reader = new PayloadReader(payload);
        ValidationError error = CheckHeader(ref reader, Command, "command");
        if (error.IsError) return error;
        byte kind = reader.Byte();
        if (kind is >= Join and <= RemoveNode)
        {
            ClientId client = reader.Client();
            long sequence = reader.Varint();
            long aboveFloor = reader.Varint();
            long deadline = reader.Varint();
            if (reader.Failed || client.IsNone || sequence < 1 || aboveFloor < 1 || aboveFloor > sequence) return Broken("command");
            session = new CommandSession(client, sequence, sequence - aboveFloor, deadline);
        }

        ControllerCommand? read = ReadBody(ref reader, kind);
        if (read is null || !reader.AtEnd) return Broken("command");
        command = read;
        return default;
    }

    private static byte KindOf(ControllerCommand command) => command switch
    {
        JoinCommand => Join,
        LeaveCommand => Leave,
        MoveCommand => Move,
        RebalanceCommand => Rebalance,
        RemoveNodeCommand => RemoveNode,
        RegisterNodeCommand => RegisterNode,
        MoveOverCommand over => over.IsCommitted ? MoveCommitted : MoveAborted,
        GroupActiveCommand => GroupActive,
        MembersChangedCommand => MembersChanged,
        GroupCleanedCommand => GroupCleaned,
        _ => throw new ArgumentException($"{command.GetType().Name} is no command.", nameof(command)),
    };

    private static void WriteBody(PayloadWriter writer, ControllerCommand command)
    {
        switch (command)
        {
            case JoinCommand join:
                writer.Varint((long)join.Groups.Length);
                foreach (JoiningGroup group in join.Groups)
                {
                    writer.Varint((long)group.Gid);
                    WriteNames(writer, group.Nodes);
                }

                break;
            case LeaveCommand leave:
                writer.Varint((long)leave.Gids.Length);
                foreach (int gid in leave.Gids) writer.Varint((long)gid);
                break;
            case MoveCommand move:
                writer.Varint((long)move.Shard.Value);
                writer.Varint((long)move.Gid);
                break;
            case RemoveNodeCommand remove:
                WriteName(writer, remove.Name);
                break;
            case RegisterNodeCommand register:
                WriteNode(writer, register.Node);
                break;
            case MoveOverCommand over:
                writer.Varint((long)over.Shard.Value);
                writer.Varint(over.Move);
                break;
            case GroupActiveCommand active:
                writer.Varint((long)active.Gid);
                writer.Varint(active.Incarnation);
                break;
            case MembersChangedCommand members:
                writer.Varint((long)members.Gid);
                writer.Varint(members.Incarnation);
                writer.Varint(members.Version);
                WriteNodes(writer, members.Nodes);
                break;
            case GroupCleanedCommand cleaned:
                writer.Varint((long)cleaned.Gid);
                writer.Varint(cleaned.Incarnation);
                WriteName(writer, cleaned.Node);
                break;
        }
    }

    private static ControllerCommand? ReadBody(ref PayloadReader reader, byte kind)
    {
        switch (kind)
        {
            case Join:
                return ReadJoin(ref reader);
            case Leave:
                return ReadLeave(ref reader);
            case Move:
                return new MoveCommand(new ShardId((int)reader.Varint(int.MaxValue)), ReadGid(ref reader));
            case Rebalance:
                return new RebalanceCommand();
            case RemoveNode:
                return ReadName(ref reader) is { } name ? new RemoveNodeCommand(name) : null;
            case RegisterNode:
                return ReadNode(ref reader, out ControllerNode node) ? new RegisterNodeCommand(node) : null;
            case MoveCommitted or MoveAborted:
                return new MoveOverCommand(new ShardId((int)reader.Varint(int.MaxValue)), reader.Varint(), kind == MoveCommitted);
            case GroupActive:
                return new GroupActiveCommand(ReadGid(ref reader), reader.Varint());
            case MembersChanged:
                (int gid, long incarnation, long version) = (ReadGid(ref reader), reader.Varint(), reader.Varint());
                return ReadNodes(ref reader, out ImmutableArray<ControllerNode> nodes) && nodes.Length > 0
                    ? new MembersChangedCommand(gid, incarnation, version, nodes) : null;
            case GroupCleaned:
                (int gone, long life) = (ReadGid(ref reader), reader.Varint());
                return ReadName(ref reader) is { } cleaner ? new GroupCleanedCommand(gone, life, cleaner) : null;
            default:
                return null;
        }
    }

    private static JoinCommand? ReadJoin(ref PayloadReader reader)
    {
        int count = Count(ref reader);
        ImmutableArray<JoiningGroup>.Builder groups = ImmutableArray.CreateBuilder<JoiningGroup>(Math.Min(count, 16));
        int previous = 0;
        for (int i = 0; i < count; i++)
        {
            int gid = ReadGid(ref reader);
            if (gid <= previous || !ReadNames(ref reader, out ImmutableArray<string> nodes)) return null;
            groups.Add(new JoiningGroup(gid, nodes));
            previous = gid;
        }

        return count == 0 ? null : new JoinCommand(groups.DrainToImmutable());
    }

    private static LeaveCommand? ReadLeave(ref PayloadReader reader)
    {
        int count = Count(ref reader);
        ImmutableArray<int>.Builder gids = ImmutableArray.CreateBuilder<int>(Math.Min(count, 16));
        int previous = -1;
        for (int i = 0; i < count; i++)
        {
            int gid = ReadGid(ref reader);
            if (gid <= previous) return null;
            gids.Add(previous = gid);
        }

        return count == 0 ? null : new LeaveCommand(gids.DrainToImmutable());
    }
}
