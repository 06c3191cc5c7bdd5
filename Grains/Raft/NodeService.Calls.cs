using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Raft;

// What the grains pass on. Kept out of the grain, so that no continuation goes through an activation's scheduler.
public sealed partial class NodeService
{
    // An answer without bytes is a refusal: cheaper than an exception, and all the same to the caller's Raft.
    private static readonly RaftFrame Refused = new([]);
    private static readonly RaftFrames AllRefused = new([]);

    // Several times what a commit takes on a fast disk. Who waits for a group that needs longer asks again, which on a slow disk costs little in comparison.
    private static readonly TimeSpan PatienceTogether = TimeSpan.FromMilliseconds(20);

    // Orleans takes messages of 8 MiB.
    private const int MaximumBytesTogether = 4 << 20;
    private int _saidNewer;
    private readonly LateReplies _late = new(TimeProvider.System);

    /// <summary>Another member's request.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="request">The request.</param>
    /// <returns>The answer; without bytes when it is refused.</returns>
    public async Task<RaftFrame> HandleAsync(string group, RaftFrame request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Raft is not { } raft) return Refused;
        try
        {
            return new RaftFrame(await raft.HandleAsync(group, request.Bytes).ConfigureAwait(false));
        }
        catch (RaftRefusedException refusal)
        {
            if (refusal.Error == MessageError.NewerVersion && Interlocked.Exchange(ref _saidNewer, 1) == 0) LogNewer(_logger, refusal.Message);
            return Refused;
        }
    }

    /// <summary>Requests of several groups' members.</summary>
    /// <param name="request">The requests.</param>
    /// <returns>Their answers, in their order, without bytes where they are refused; none when nothing is taken in here.</returns>
    public async Task<RaftFrames> HandleTogetherAsync(RaftFrames request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Raft is not { } raft) return AllRefused;
        try
        {
            return new RaftFrames(await raft.HandleTogetherAsync(request.Bytes).ConfigureAwait(false));
        }
        catch (RaftRefusedException)
        {
            return AllRefused;
        }
    }

    /// <summary>A client's batch.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="request">The batch.</param>
    public async Task<SubmitReply> SubmitAsync(string group, SubmitRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Raft is not { } raft) return new SubmitReply(SubmitStatus.Unavailable, default) { Error = Problem };
        if (IsForged(request)) return new SubmitReply(SubmitStatus.Invalid, default) { Error = "A step of a hand-off cannot be submitted." };
        if (DelayOf(group, request) is > 0 and int delay) await Task.Delay(delay).ConfigureAwait(false);
        return ToReply(request.IsQuery
            ? await raft.QueryAsync(group, request.Incarnation, request.Payload, request.OnFollower, IsUrgent(group, request)).ConfigureAwait(false)
            : await raft.ProposeAsync(group, request.Incarnation, request.Payload, isUrgent: IsUrgent(group, request)).ConfigureAwait(false));
    }

    /// <summary>A client's batches for several groups.</summary>
    /// <param name="request">The batches.</param>
    public async Task<SubmitReplies> SubmitTogetherAsync(SubmitRequests request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int count = request.Batches.Length;
        if (count > SubmitRequests.Maximum || request.Groups.Length != count) return All(count, SubmitStatus.Invalid, $"{count} batches for {request.Groups.Length} groups; at most {SubmitRequests.Maximum} for as many.");
        if (Raft is not { } raft) return All(count, SubmitStatus.Unavailable, Problem);
        Task<SubmitReply>?[] apart = new Task<SubmitReply>?[count];
        List<GroupBatch> together = new(count);
        for (int i = 0; i < count; i++)
        {
            (string group, SubmitRequest batch) = (request.Groups[i], request.Batches[i]);
            if (batch.IsQuery || IsForged(batch) || IsUrgent(group, batch) || DelayOf(group, batch) > 0) apart[i] = SubmitAsync(group, batch);
            else together.Add(new GroupBatch(group, batch.Incarnation, batch.Payload));
        }

        Task<Outcome>[] outcomes = await raft.ProposeTogetherAsync(together, PatienceTogether).ConfigureAwait(false);
        SubmitReply?[] replies = new SubmitReply?[count];
        List<long> tickets = [];
        int next = 0, bytes = 0;
        for (int i = 0; i < count; i++)
        {
            Task<SubmitReply> reply = apart[i] ?? ToReplyAsync(outcomes[next++]);
            if (reply.IsCompletedSuccessfully && (bytes == 0 || bytes + reply.Result.Result.Length <= MaximumBytesTogether))
            {
                replies[i] = reply.Result;
                bytes += reply.Result.Result.Length;
            }
            else
            {
                tickets.Add(_late.Keep(reply));
            }
        }

        return new SubmitReplies(replies, [.. tickets]);
    }

    /// <summary>The answer to a batch that was still under way when those with it were answered.</summary>
    /// <param name="ticket">What it was kept by.</param>
    public Task<SubmitReply> AwaitReplyAsync(long ticket) =>
        _late.Take(ticket) ?? Task.FromResult(new SubmitReply(SubmitStatus.Unknown, default) { Error = $"Node {Node} does not know the answer any more." });

    private static SubmitReplies All(int count, SubmitStatus status, string? error) =>
        new([.. Enumerable.Range(0, count).Select(_ => new SubmitReply(status, default) { Error = error })], []);

    // Steps of a hand-off are the leader's own to propose; from outside they could only be forged.
    private static bool IsForged(SubmitRequest request) => !request.IsQuery && request.Payload is [KeyValueCodec.HandoffCommand, ..];

    // Without these groups nobody knows where anything is.
    private static bool IsUrgent(string group, SubmitRequest request) =>
        group is GroupNames.Controller or GroupNames.Members || KeyValueCodec.IsUrgent(request.Payload);

    private int DelayOf(string group, SubmitRequest request) => request.IsQuery ? 0 : DelayOfWrites?.Invoke(group, request.Payload) ?? 0;

    private static async Task<SubmitReply> ToReplyAsync(Task<Outcome> outcome) => ToReply(await outcome.ConfigureAwait(false));

    private static SubmitReply ToReply(in Outcome outcome) => new(ToStatus(outcome.Status), outcome.Result)
    {
        LeaderHint = outcome.Leader, LogTimeMs = outcome.Time.Milliseconds, Error = outcome.Error, RetryAfterMs = outcome.RetryAfterMs,
    };

    private static SubmitStatus ToStatus(OutcomeStatus status) => status switch
    {
        OutcomeStatus.Ok => SubmitStatus.Ok,
        OutcomeStatus.NotLeader => SubmitStatus.NotLeader,
        OutcomeStatus.Busy => SubmitStatus.Busy,
        OutcomeStatus.Invalid => SubmitStatus.Invalid,
        OutcomeStatus.Unavailable => SubmitStatus.Unavailable,
        OutcomeStatus.DiskFull => SubmitStatus.DiskFull,
        _ => SubmitStatus.Unknown,
    };
}
