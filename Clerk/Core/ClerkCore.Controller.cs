using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// Questions to the shard controller: at the first operation, when the map is old, and when a shard cannot be found. There is one under way for
/// each replica at most. Without an answer everything goes on by hints and by what is known.
/// </summary>
public sealed partial class ClerkCore
{
    // The longest pause between two questions while the answers teach nothing new.
    private const int MaxAskPauseMs = 1_000;

    private byte[] _mapQuery = [];
    private long _mapQueryFor = -2;
    private bool _mapWanted;
    private int _askPauseMs;
    private long _askAtMs = long.MinValue;
    private long _mapOldAtMs = long.MinValue;
    private string? _mapProblem;

    // From half a second to four, with the default time-out.
    private const int MaxProbeDoublings = 3;

    /// <summary>The newest numbered configuration that the controller told of; -1 before the first.</summary>
    public long ConfigurationNumber => _map?.Number ?? -1;

    private bool UsesController => _controller is not null && Outstanding > 0;

    /// <summary>Somebody cannot be found.</summary>
    private void WantMap()
    {
        if (_controller is not null) _mapWanted = true;
    }

    /// <summary>A group without a leader may be gone, or elsewhere.</summary>
    private void AskWhereIts(GroupState group, long nowMs)
    {
        if (group.Locator.Leader is not null) return;
        if (group.LeaderlessMs == long.MaxValue) group.LeaderlessMs = nowMs;
        if (nowMs - group.LeaderlessMs < _suspectAfterMs) return;
        group.LeaderlessMs = nowMs;
        WantMap();
    }

    private void AskController(long nowMs)
    {
        if (!UsesController) return;
        if (nowMs >= _mapOldAtMs || _nobody.HasWork) _mapWanted = true;
        if (!_mapWanted || nowMs < _askAtMs) return;
        GroupState group = _controller!;
        LeaderLocator locator = group.Locator;
        if (locator.Leader is { Probe: { } asked } && asked.SentMs + _suspectAfterMs <= nowMs) locator.Forget(nowMs);
        if (locator.Leader is { } leader)
        {
            if (leader.Probe is null) Ask(group, leader, AttemptKind.Map, MapQueryPayload(), nowMs);
        }
        else
        {
            AskReplicas(group, AttemptKind.Map, MapQueryPayload(), nowMs);
        }
    }

    private void AskReplicas(GroupState group, AttemptKind kind, byte[] payload, long nowMs)
    {
        LeaderLocator locator = group.Locator;
        foreach (Replica replica in locator.Replicas)
        {
            if (replica.Probe is not { } probe || probe.SentMs + ProbePatienceMs(replica) > nowMs) continue;
            replica.Probe = null;
            replica.Unanswered++;
        }

        while (locator.ProbeAtMs <= nowMs && locator.NextToProbe(nowMs, _random.NextDouble()) is { } replica)
            Ask(group, replica, kind, payload, nowMs);
    }

    // A node that has too much to do answers late. Thousands of clients that ask it again before it can would be all that it is busy with, and it would never get to their operations.
    private long ProbePatienceMs(Replica replica) => (long)_probeTimeoutMs << Math.Min(replica.Unanswered, MaxProbeDoublings);

    private void Ask(GroupState group, Replica replica, AttemptKind kind, byte[] payload, long nowMs)
    {
        ClerkAttempt question = new(++_lastAttempt, kind, group, replica, payload, [], nowMs);
        replica.Probe = question;
        Effects.Sends.Add(question);
    }

    private long WhenControllerNext()
    {
        if (!UsesController) return long.MaxValue;
        if (!_mapWanted) return _mapOldAtMs;
        LeaderLocator locator = _controller!.Locator;
        if (locator.Leader is not { } leader) return Math.Max(_askAtMs, locator.ProbeAtMs);
        return leader.Probe is { } asked ? asked.SentMs + _suspectAfterMs : _askAtMs;
    }

    /// <summary>The controller answered.</summary>
    /// <returns>Whether it could be read.</returns>
    private bool ReadMap(ClerkAttempt attempt, ReadOnlyMemory<byte> answer, long nowMs)
    {
        ValidationError error = ControllerCodec.TryRead(answer.Span, out ControllerAnswer? read);
        long before = _map?.Revision ?? -1;
        if (error.IsError) _mapProblem = error.Message;
        else if (read is not MapAnswer told) _mapProblem = "its answer is none to the question";
        else _mapProblem = (told.Map ?? _map) is { } map ? LearnMap(map) : "it says that nothing is new, and nothing is known";
        if (_mapProblem is not null)
        {
            _controller!.Locator.Denied(attempt.Replica, null, _mapProblem, nowMs);
            return false;
        }

        _mapWanted = false;
        _mapOldAtMs = nowMs + _mapRefreshMs;
        bool isNews = _map!.Revision > before;
        _askPauseMs = isNews ? _minBackOffMs : Math.Min(Math.Max(1, _askPauseMs) * 2, MaxAskPauseMs);
        _askAtMs = nowMs + _askPauseMs;
        return true;
    }

    private byte[] MapQueryPayload()
    {
        long known = _map?.Revision ?? -1;
        if (known != _mapQueryFor) _mapQuery = ControllerCodec.Encode(new MapQuery(known));
        _mapQueryFor = known;
        return _mapQuery;
    }
}
