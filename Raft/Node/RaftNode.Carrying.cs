namespace Quorleans.Raft.Node;

// Requests to other nodes. What a turn has for the groups of one node travels together: with many groups, messages and not bytes are what replication costs.
public sealed partial class RaftNode
{
    /// <summary>How many requests travel together at most.</summary>
    public const int MaximumFramesTogether = 256;

    // A message of Orleans has a limit of 8 MiB; what is larger than this travels by itself.
    private const int MaximumBytesTogether = 2 << 20;

    private readonly List<Bundle> _bundles = [];

    private readonly record struct Outbound(Replica Replica, Member To, RaftMessage Message);

    /// <summary>
    /// What goes to one node in this turn. Requests with entries are answered when the receiver's disk has them, others at once, so they do not travel together:
    /// a heartbeat must not wait for a disk.
    /// </summary>
    private sealed record Bundle(string Node, bool HasEntries)
    {
        internal List<Outbound> Requests { get; } = [];
    }

    internal void SendRequest(Replica replica, RaftMessage message)
    {
        if (!replica.Core.Membership.TryGet(message.To, out Member to)) Post(replica, new Undelivered(message));
        else if (message.Kind == MessageKind.AppendEntries) BundleOf(to.Node, message.Entries.Length > 0).Requests.Add(new Outbound(replica, to, message));
        else _ = CarryAsync(new Outbound(replica, to, message));
    }

    private Bundle BundleOf(string node, bool hasEntries)
    {
        foreach (Bundle known in _bundles)
            if (known.HasEntries == hasEntries && known.Node == node) return known;
        Bundle bundle = new(node, hasEntries);
        _bundles.Add(bundle);
        return bundle;
    }

    /// <summary>Sends what the turn has gathered.</summary>
    private void SendBundles()
    {
        foreach (Bundle bundle in _bundles)
        {
            if (bundle.Requests.Count == 1) _ = CarryAsync(bundle.Requests[0]);
            else if (bundle.Requests.Count > 1) SendInParts(bundle);
            bundle.Requests.Clear();
        }
    }

    private void SendInParts(Bundle bundle)
    {
        List<Outbound> requests = bundle.Requests;
        int first = 0, bytes = 0;
        for (int i = 0; i < requests.Count; i++)
        {
            int size = Replica.SizeOf(requests[i].Message.Entries);
            if (i > first && (bytes + size > MaximumBytesTogether || i - first == MaximumFramesTogether))
            {
                SendPart(first, i);
                (first, bytes) = (i, 0);
            }

            bytes += size;
        }

        SendPart(first, requests.Count);

        void SendPart(int from, int to) =>
            _ = to - from == 1 ? CarryAsync(requests[from]) : CarryTogetherAsync(bundle.Node, requests.GetRange(from, to - from).ToArray());
    }

    private async Task CarryAsync(Outbound request)
    {
        Traffic.Sent(1);
        (Replica replica, Member to, RaftMessage message) = request;
        try
        {
            byte[] frame = MessageCodec.Encode(Options.ClusterId, replica.Core.Group, message);
            Task<byte[]> call = _transport.SendAsync(replica.Core.Group, to, message.Kind, frame);
            // While a peer is down every request to it fails, and to throw and catch costs more than all the rest of a request.
            await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (call.IsCompletedSuccessfully && AnswerTo(request, call.Result) is { } answer)
            {
                Post(replica, answer);
                return;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Unreachable, refused, timed out: all the same to Raft.
        }

        Post(replica, new Undelivered(message));
    }

    private async Task CarryTogetherAsync(string node, Outbound[] requests)
    {
        Traffic.Sent(requests.Length);
        object[] outcomes = new object[requests.Length];
        try
        {
            GroupFrame[] frames = Array.ConvertAll(
                requests, request => new GroupFrame(request.Replica.Core.Group, MessageCodec.Encode(Options.ClusterId, request.Replica.Core.Group, request.Message)));
            Task<byte[][]> call = _transport.SendTogetherAsync(node, frames);
            await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (call.IsCompletedSuccessfully && call.Result.Length == requests.Length)
                for (int i = 0; i < requests.Length; i++) outcomes[i] = AnswerTo(requests[i], call.Result[i])!;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // As above, for all of them.
        }

        for (int i = 0; i < requests.Length; i++) outcomes[i] ??= new Undelivered(requests[i].Message);
        Post(null, new Outcomes(this, requests, outcomes));
    }

    private RaftMessage? AnswerTo(Outbound request, byte[] frame) =>
        MessageCodec.TryDecode(Options.ClusterId, request.Replica.Core.Group, frame, out RaftMessage? answer) == MessageError.None
        && answer!.To == request.Replica.Core.Self && answer.From == request.Message.To ? answer : null;

    /// <summary>What became of requests that travelled together. One event, so that what follows from it travels together again.</summary>
    private sealed class Outcomes(RaftNode node, Outbound[] requests, object[] outcomes) : ILoopCall
    {
        public void Run()
        {
            for (int i = 0; i < requests.Length; i++) node.Take(requests[i].Replica, outcomes[i]);
        }

        public void Abandon(Exception reason)
        {
            // Nobody waits for it.
        }
    }

    /// <summary>Takes in several groups' requests that came in one message, and gives their answers together, when the last one is there.</summary>
    /// <param name="frames">The encoded requests; must not change any more.</param>
    /// <returns>The encoded answers, in the requests' order; an empty one where <see cref="HandleAsync"/> would have refused.</returns>
    /// <exception cref="RaftRefusedException">Nothing runs here, or there are more than <see cref="MaximumFramesTogether"/>.</exception>
    public async Task<byte[][]> HandleTogetherAsync(byte[][] frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        if (_stopReason is { } stopped) throw new RaftRefusedException(stopped);
        if (frames.Length > MaximumFramesTogether) throw new RaftRefusedException($"Node {Options.Node} refuses {frames.Length} messages at once; {MaximumFramesTogether} are allowed.");
        InboundBundle bundle = new(this, frames.Length, _scheduler.Completions);
        Task<byte[]>?[] apart = new Task<byte[]>?[frames.Length];
        for (int i = 0; i < frames.Length; i++)
        {
            if (FindReceiver(frames[i]) is { } replica && MessageCodec.TryDecode(Options.ClusterId, replica.Core.Group, frames[i], out RaftMessage? message) == MessageError.None
                && message!.To == replica.Core.Self) bundle.Add(i, replica, message);
            else apart[i] = MessageCodec.TryReadGroup(frames[i], out GroupId group) ? HandleAsync(group.Name, frames[i]) : null;
        }

        if (!bundle.IsEmpty)
        {
            Post(null, bundle);
            await bundle.Answered.ConfigureAwait(false);
        }

        byte[][] answers = new byte[frames.Length][];
        for (int i = 0; i < frames.Length; i++)
        {
            answers[i] = [];
            if (bundle[i] is { Answer: { } answer } request) answers[i] = MessageCodec.Encode(Options.ClusterId, request.Replica.Core.Group, answer);
            if (apart[i] is not { } other) continue;
            await ((Task)other).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (other.IsCompletedSuccessfully) answers[i] = other.Result;
        }

        return answers;
    }

    private Replica? FindReceiver(byte[] frame)
    {
        ReadOnlySpan<byte> name = MessageCodec.GroupNameOf(frame);
        Span<char> text = stackalloc char[MessageCodec.MaximumGroupNameBytes];
        for (int i = 0; i < name.Length; i++) text[i] = (char)name[i];
        return _replicasByName.TryGetValue(text[..name.Length], out Replica? replica) ? replica : null;
    }
}
