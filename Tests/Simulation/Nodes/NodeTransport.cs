using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Simulation;

/// <summary>Carries a node's Raft requests over the simulated network, encoded as they are in production.</summary>
internal sealed class NodeTransport(World world, SimulatedNetwork network, SimulatedNode node) : IRaftTransport
{
    /// <inheritdoc/>
    public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame)
    {
        Call call = new(this, group, node.Life, new Packet(PacketKind.RaftRequest, node.Name, to.Node, group.Name, kind, frame, world.NowUs));
        if (node.Observer is { } observer || world.Trace is not null)
        {
            call.Message = Decode(group, frame);
            node.Observer?.Sends(node, group, call.Message);
            world.Trace?.Line($"{node.Name} -> {to.Node} {call.Message}");
        }

        network.Request(call.Request, node, call.Handle, call.Fail);
        return call.Answer.Task;
    }

    private RaftMessage Decode(GroupId group, ReadOnlyMemory<byte> frame) =>
        MessageCodec.TryDecode(node.Options.ClusterId, group, frame, out RaftMessage? message) == MessageError.None
            ? message!
            : throw new InvalidOperationException($"{node.Name} encoded a message that does not decode.");

    /// <summary>A request until its answer; each copy that arrives is handled, the first answer counts.</summary>
    private sealed class Call(NodeTransport transport, GroupId group, int life, Packet request)
    {
        internal TaskCompletionSource<byte[]> Answer { get; } = new();

        internal Packet Request => request;

        internal RaftMessage Message { get; set; } = null!;

        internal void Fail(bool surely)
        {
            if (Message is not null) transport.Node.Observer?.Hears(transport.Node, group, Message, null);
            Answer.TrySetException(Unreachable());
        }

        internal void Handle(SimulatedNode receiver, bool single)
        {
            if (receiver.Raft is not { } raft) return;
            int receiverLife = receiver.Life;
            RaftRole role = receiver.Core(group.Name)?.Role ?? RaftRole.Follower;
            Task<byte[]> handling = raft.HandleAsync(group.Name, request.Bytes);
            if (handling.IsCompleted) Send();
            else handling.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Send);

            void Send()
            {
                if (receiver.Life == receiverLife) Reply(receiver, role, handling);
            }
        }

        private void Reply(SimulatedNode receiver, RaftRole role, Task<byte[]> handling)
        {
            byte[]? bytes = handling.IsCompletedSuccessfully ? handling.Result : null;
            _ = handling.Exception; // seen
            RaftMessage? message = null;
            if (Message is not null)
            {
                if (bytes is not null) message = transport.Decode(group, bytes);
                receiver.Observer?.Answers(receiver, group, Message, role, message);
                transport.World.Trace?.Line($"{receiver.Name} -> {transport.Node.Name} {message?.ToString() ?? $"refuses {request.Message}"}");
            }

            Packet reply = new(PacketKind.RaftReply, receiver.Name, transport.Node.Name, request.Group, request.Message, bytes, request.Sent);
            transport.Network.Reply(
                reply, transport.Node, life,
                () =>
                {
                    if (Message is not null) transport.Node.Observer?.Hears(transport.Node, group, Message, message);
                    if (bytes is null) Answer.TrySetException(Refused());
                    else Answer.TrySetResult(bytes);
                },
                () => Fail(surely: false));
        }
    }

    // Each time a new one: an exception that is thrown again and again carries all its stacks along, and every capture copies them.
    private static IOException Unreachable() => new("The receiver cannot be reached.");

    private static RaftRefusedException Refused() => new("The receiver refused the message.");

    private SimulatedNode Node => node;

    private SimulatedNetwork Network => network;

    private World World => world;
}
