using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Raft;

// What the grains pass on. Kept out of the grain, so that no continuation goes through an activation's scheduler.
public sealed partial class NodeService
{
    // An answer without bytes is a refusal: cheaper than an exception, and all the same to the caller's Raft.
    private static readonly RaftFrame Refused = new([]);
    private static readonly RaftFrames AllRefused = new([]);

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
        catch (RaftRefusedException)
        {
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
        // Steps of a hand-off are the leader's own to propose; from outside they could only be forged.
        if (!request.IsQuery && request.Payload is [KeyValueCodec.HandoffCommand, ..]) return new SubmitReply(SubmitStatus.Invalid, default) { Error = "A step of a hand-off cannot be submitted." };
        if (!request.IsQuery && DelayOfWrites?.Invoke(group, request.Payload) is > 0 and int delay) await Task.Delay(delay).ConfigureAwait(false);
        Outcome outcome = request.IsQuery
            ? await raft.QueryAsync(group, request.Incarnation, request.Payload, request.OnFollower).ConfigureAwait(false)
            : await raft.ProposeAsync(group, request.Incarnation, request.Payload).ConfigureAwait(false);
        return new SubmitReply(ToStatus(outcome.Status), outcome.Result)
        {
            LeaderHint = outcome.Leader, LogTimeMs = outcome.Time.Milliseconds, Error = outcome.Error,
        };
    }

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
