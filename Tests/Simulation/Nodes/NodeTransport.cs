using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Simulation;

/// <summary>Carries a node's Raft requests over the simulated network, encoded as they are in production.</summary>
internal sealed class NodeTransport(World world, SimulatedNetwork network, SimulatedNode node) : IRaftTransport
{
    private static readonly IOException Unreachable = new("The receiver cannot be reached.");
    private static readonly RaftRefusedException Refused = new("The receiver refused the message.");

    /// <inheritdoc/>
    public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame)
    {
        TaskCompletionSource<byte[]> answer = new();
        int life = node.Life;
        Packet request = new(PacketKind.RaftRequest, node.Name, to.Node, group.Name, kind, frame, world.NowUs);
        world.Trace?.Line($"{node.Name} -> {to.Node} {Describe(group, frame)}");
        network.Request(request, node, (receiver, _) => Handle(receiver, answer, life, request), _ => answer.TrySetException(Unreachable));
        return answer.Task;
    }

    private void Handle(SimulatedNode receiver, TaskCompletionSource<byte[]> answer, int life, Packet request)
    {
        if (receiver.Raft is not { } raft) return;
        int receiverLife = receiver.Life;
        Task<byte[]> handling = raft.HandleAsync(request.Group, request.Bytes);
        if (handling.IsCompleted) Answer();
        else handling.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Answer);

        void Answer()
        {
            if (receiver.Life != receiverLife) return;
            byte[]? bytes = handling.IsCompletedSuccessfully ? handling.Result : null;
            _ = handling.Exception; // seen
            Packet reply = new(PacketKind.RaftReply, receiver.Name, node.Name, request.Group, request.Message, bytes, request.Sent);
            world.Trace?.Line($"{receiver.Name} -> {node.Name} {(bytes is null ? $"refuses {request.Message}" : Describe(new GroupId(request.Group, 0), bytes))}");
            network.Reply(
                reply, node, life,
                () =>
                {
                    if (bytes is null) answer.TrySetException(Refused);
                    else answer.TrySetResult(bytes);
                },
                () => answer.TrySetException(Unreachable));
        }
    }

    private string Describe(GroupId group, byte[] frame)
    {
        GroupId exact = group.Incarnation != 0 ? group : node.GroupNamed(group.Name);
        return MessageCodec.TryDecode(node.Options.ClusterId, exact, frame, out RaftMessage? message) == MessageError.None ? message!.ToString() : $"{frame.Length} bytes";
    }
}
