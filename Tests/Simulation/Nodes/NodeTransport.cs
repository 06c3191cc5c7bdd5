using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Simulation;

/// <summary>
/// Carries a node's Raft requests over the simulated network, encoded as they are in production. Those that travel together are one packet, with one fate.
/// </summary>
internal sealed class NodeTransport(World world, SimulatedNetwork network, SimulatedNode node) : IRaftTransport
{
    // Nothing is thrown here: in some worlds most requests fail, and throwing costs more than all the rest of them.
    /// <inheritdoc/>
    public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame)
    {
        TaskCompletionSource<byte[]> answer = new();
        Send(to.Node, kind, [new GroupFrame(group, frame)], frame, answers =>
        {
            if (answers is null) answer.TrySetException(Unreachable());
            else if (answers[0].Length == 0) answer.TrySetException(Refused());
            else answer.TrySetResult(answers[0]);
        });
        return answer.Task;
    }

    /// <inheritdoc/>
    public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames)
    {
        TaskCompletionSource<byte[][]> answer = new();
        byte[] bytes = [.. frames.SelectMany(static frame => frame.Bytes)];
        Send(node, MessageKind.AppendEntries, frames, bytes, answers =>
        {
            if (answers is null) answer.TrySetException(Unreachable());
            else answer.TrySetResult(answers);
        });
        return answer.Task;
    }

    private void Send(string to, MessageKind kind, GroupFrame[] frames, byte[] bytes, Action<byte[][]?> settle)
    {
        Call call = new(this, frames, node.Life, new Packet(PacketKind.RaftRequest, node.Name, to, frames[0].Group.Name, kind, bytes, world.NowUs), settle);
        if (node.Observer is not null || world.Trace is not null)
        {
            call.Messages = Array.ConvertAll(frames, frame => Decode(frame.Group, frame.Bytes));
            for (int i = 0; i < frames.Length; i++)
            {
                node.Observer?.Sends(node, frames[i].Group, call.Messages[i]);
                world.Trace?.Line($"{node.Name} -> {to} {call.Messages[i]}");
            }
        }

        network.Request(call.Request, node, call.Handle, call.Fail);
    }

    private RaftMessage Decode(GroupId group, ReadOnlyMemory<byte> frame) =>
        MessageCodec.TryDecode(node.Options.ClusterId, group, frame, out RaftMessage? message) == MessageError.None
            ? message!
            : throw new InvalidOperationException($"{node.Name} encoded a message that does not decode.");

    /// <summary>Requests until their answers; each copy that arrives is handled, the first answers count.</summary>
    /// <param name="transport">The sender's.</param>
    /// <param name="frames">The requests.</param>
    /// <param name="life">Whose of the sender's lives they are.</param>
    /// <param name="request">What carries them.</param>
    /// <param name="settle">Told the answers, or null when there are none; only the first time counts.</param>
    private sealed class Call(NodeTransport transport, GroupFrame[] frames, int life, Packet request, Action<byte[][]?> settle)
    {
        internal Packet Request => request;

        internal RaftMessage[] Messages { get; set; } = [];

        internal void Fail(bool surely)
        {
            for (int i = 0; i < Messages.Length; i++) transport.Node.Observer?.Hears(transport.Node, frames[i].Group, Messages[i], null);
            settle(null);
        }

        internal void Handle(SimulatedNode receiver, bool single)
        {
            if (receiver.Raft is not { } raft) return;
            int receiverLife = receiver.Life;
            RaftRole[] roles = Array.ConvertAll(frames, frame => receiver.Core(frame.Group.Name)?.Role ?? RaftRole.Follower);
            Task handling = frames.Length == 1
                ? raft.HandleAsync(frames[0].Group.Name, frames[0].Bytes)
                : raft.HandleTogetherAsync(Array.ConvertAll(frames, static frame => frame.Bytes));
            if (handling.IsCompleted) Send();
            else handling.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Send);

            void Send()
            {
                if (receiver.Life == receiverLife) Reply(receiver, roles, AnswersOf(handling), handling.Exception?.InnerException?.Message);
            }
        }

        private byte[][] AnswersOf(Task handling)
        {
            _ = handling.Exception; // seen
            if (!handling.IsCompletedSuccessfully) return Array.ConvertAll(frames, static _ => Array.Empty<byte>());
            return handling is Task<byte[]> one ? [one.Result] : ((Task<byte[][]>)handling).Result;
        }

        private void Reply(SimulatedNode receiver, RaftRole[] roles, byte[][] answers, string? refusal)
        {
            RaftMessage?[] messages = new RaftMessage?[Messages.Length];
            for (int i = 0; i < Messages.Length; i++)
            {
                messages[i] = answers[i].Length > 0 ? transport.Decode(frames[i].Group, answers[i]) : null;
                receiver.Observer?.Answers(receiver, frames[i].Group, Messages[i], roles[i], messages[i]);
                transport.World.Trace?.Line($"{receiver.Name} -> {transport.Node.Name} {messages[i]?.ToString() ?? $"refuses {Messages[i]} {refusal}".TrimEnd()}");
            }

            byte[] bytes = answers.Length == 1 ? answers[0] : answers.SelectMany(static answer => answer).ToArray();
            Packet reply = new(PacketKind.RaftReply, receiver.Name, transport.Node.Name, request.Group, request.Message, bytes, request.Sent);
            transport.Network.Reply(
                reply, transport.Node, life,
                () =>
                {
                    for (int i = 0; i < Messages.Length; i++) transport.Node.Observer?.Hears(transport.Node, frames[i].Group, Messages[i], messages[i]);
                    settle(answers);
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
