namespace Quorleans.Clerk;

/// <summary>A replica of a group as the Clerk knows it.</summary>
internal sealed class Replica(string group, string node)
{
    /// <summary>The node that hosts it.</summary>
    public string Node { get; } = node;

    /// <summary>Its address, <c>group/node</c>.</summary>
    public string Address { get; } = $"{group}/{node}";

    /// <summary>Through which writes go to its node, once there were some.</summary>
    public NodeGate? Gate { get; set; }

    /// <summary>The probe whose answer is awaited, or null: a replica that hangs is asked once, not again and again.</summary>
    public ClerkAttempt? Probe { get; set; }

    /// <summary>How many probes in a row it has left unanswered until they were given up.</summary>
    public int Unanswered { get; set; }

    /// <summary>When it was last asked whether it leads.</summary>
    public long ProbedMs { get; set; } = long.MinValue / 2;

    /// <summary>What it said last, for error messages.</summary>
    public string? Problem { get; set; }
}

/// <summary>
/// Finds a group's leader, and remembers it. Proof is a success that names no other leader, given after a round with a majority (a follower
/// may answer reads too, and names its leader); everything else is a hint, followed at most once in a pause. So a stale hint costs one small message, and
/// no batch of writes ever goes to a replica that is not known to lead: while there is no leader, an operation is surely not sent.
/// </summary>
internal sealed class LeaderLocator
{
    private const int MaxReplicas = 64;

    private readonly List<Replica> _replicas = [];
    private readonly string _group;
    private readonly int _minBackOffMs;
    private readonly int _maxBackOffMs;
    private int _next;
    private int _backOffMs;
    private long _probeAtMs;
    private Replica? _hinted;

    public LeaderLocator(string group, IReadOnlyList<string> nodes, int minBackOffMs, int maxBackOffMs, int first)
    {
        _group = group;
        _minBackOffMs = _backOffMs = minBackOffMs;
        _maxBackOffMs = maxBackOffMs;
        for (int i = 0; i < nodes.Count; i++) Find(nodes[i]);
        _next = first % _replicas.Count;
    }

    /// <summary>The replica that leads, or null while none is known to.</summary>
    public Replica? Leader { get; private set; }

    /// <summary>Whether the leader is silent, so that the others are asked.</summary>
    public bool IsSuspect { get; private set; }

    /// <summary>When the leader last gave a sign of life.</summary>
    public long HeardMs { get; private set; } = long.MinValue / 2;

    /// <summary>The known replicas.</summary>
    public IReadOnlyList<Replica> Replicas => _replicas;

    /// <summary>Whether somebody has to be asked.</summary>
    public bool IsSearching => Leader is null || IsSuspect;

    /// <summary>When the next replica may be asked.</summary>
    public long ProbeAtMs => _hinted is not null ? long.MinValue : _probeAtMs;

    /// <summary>The controller named the group's nodes. Others are asked no more, unless one of them leads.</summary>
    public void SetNodes(IReadOnlyList<string> nodes)
    {
        foreach (string node in nodes) Find(node);
        for (int i = _replicas.Count - 1; i >= 0; i--)
        {
            Replica replica = _replicas[i];
            if (replica == Leader || replica == _hinted || IsNamed(nodes, replica.Node)) continue;
            _replicas.RemoveAt(i);
            if (_next > i) _next--;
        }

        if (_next >= _replicas.Count) _next = 0;
    }

    /// <summary>The leader is silent: ask the others, and go on trusting it until one of them proves to lead.</summary>
    public void Suspect(long nowMs)
    {
        if (Leader is null || IsSuspect) return;
        IsSuspect = true;
        _probeAtMs = nowMs;
    }

    /// <summary>The leader gave a sign of life, or a follower still hears it.</summary>
    public void Trust(long nowMs)
    {
        IsSuspect = false;
        HeardMs = nowMs;
        _backOffMs = _minBackOffMs;
    }

    /// <summary>A replica proved that it leads.</summary>
    /// <returns>Whether another one was taken for the leader until now.</returns>
    public bool Found(Replica replica, long nowMs)
    {
        bool changed = Leader is not null && Leader != replica;
        Leader = replica;
        replica.Problem = null;
        _hinted = null;
        Trust(nowMs);
        return changed;
    }

    /// <summary>A replica said that it does not lead, or cannot be reached.</summary>
    /// <param name="replica">Which.</param>
    /// <param name="hint">The node that leads in its opinion, or null.</param>
    /// <param name="problem">What it said, for error messages.</param>
    /// <param name="nowMs">Now.</param>
    public void Denied(Replica replica, string? hint, string problem, long nowMs)
    {
        replica.Problem = problem;
        if (Leader == replica)
        {
            Leader = null;
            IsSuspect = false;
            _probeAtMs = Math.Min(_probeAtMs, nowMs);
        }

        if (string.IsNullOrEmpty(hint) || hint == replica.Node) return;
        Replica? named = Find(hint);
        if (named is null || named.Probe is not null) return;
        if (named == Leader) Trust(nowMs);
        else if (nowMs - named.ProbedMs >= _backOffMs) _hinted = named;
    }

    /// <summary>The leader cannot be trusted any longer: it must prove itself again, or another one must.</summary>
    public void Forget(long nowMs)
    {
        Leader = null;
        IsSuspect = false;
        _probeAtMs = nowMs;
    }

    /// <summary>Chooses whom to ask now: the one that was named, else the next in turn that does not owe an answer.</summary>
    /// <param name="nowMs">Now.</param>
    /// <param name="jitter">0 to 1: spreads the pauses of many Clerks.</param>
    /// <returns>The replica, or null when nobody is to be asked yet.</returns>
    public Replica? NextToProbe(long nowMs, double jitter)
    {
        if (_hinted is { Probe: null } hinted)
        {
            _hinted = null;
            hinted.ProbedMs = nowMs;
            return hinted;
        }

        _hinted = null;
        if (nowMs < _probeAtMs) return null;
        Replica? chosen = null;
        for (int i = 0; i < _replicas.Count && chosen is null; i++)
        {
            Replica candidate = _replicas[_next];
            _next = (_next + 1) % _replicas.Count;
            if (candidate.Probe is null && !(IsSuspect && candidate == Leader)) chosen = candidate;
        }

        _probeAtMs = nowMs + Math.Max(1, (long)(_backOffMs * (0.5 + jitter)));

        // The pause grows by the round and not by the replica, so that all are asked quickly once before it grows.
        if (_next == 0) _backOffMs = Math.Min(_backOffMs * 2, _maxBackOffMs);
        if (chosen is not null) chosen.ProbedMs = nowMs;
        return chosen;
    }

    /// <summary>What the replicas said last, for an error message.</summary>
    public string Describe()
    {
        string text = "";
        foreach (Replica replica in _replicas)
            text += (text.Length == 0 ? "" : "; ") + replica.Node + ": " + (replica.Problem ?? (replica.Probe is null ? "not asked" : "no answer"));
        return text;
    }

    private static bool IsNamed(IReadOnlyList<string> nodes, string node)
    {
        foreach (string name in nodes)
            if (name == node) return true;
        return false;
    }

    private Replica? Find(string node)
    {
        foreach (Replica replica in _replicas)
            if (replica.Node == node) return replica;
        if (_replicas.Count == MaxReplicas || node.Contains('/', StringComparison.Ordinal)) return null;
        Replica added = new(_group, node);
        _replicas.Add(added);
        return added;
    }
}
