namespace Quorleans.Clerk;

/// <summary>
/// Chooses by which connection a node is called: by its own gateway; when that is silent or broken, by another's, one after the other; when there is none, by whichever the client takes. A call that
/// is sent again by another way may reach its replica twice, which sessions are for. Not safe for several threads at once.
/// </summary>
/// <param name="own">The client's own connections.</param>
/// <param name="gateways">Those to single nodes, or null.</param>
internal sealed class Ways(Way own, INodeGateways? gateways)
{
    private readonly Dictionary<(string Node, Way Way), WayWatch> _watches = [];
    private readonly List<Way> _toNodes = [];
    private int _next;

    /// <summary>A way to a single node was opened: told once of each.</summary>
    public Action<Way>? Opened { get; set; }

    /// <summary>Chooses the way to a node, for a call that leaves now.</summary>
    /// <param name="node">The node.</param>
    /// <param name="nowMs">Now.</param>
    public Way Take(string node, long nowMs)
    {
        if (gateways is null) return own;
        FindNew(gateways.Open);
        return Take(node, Choose(node, nowMs), nowMs);
    }

    /// <summary>Takes a way that was chosen for what travels together.</summary>
    public Way Take(string node, Way way, long nowMs)
    {
        if (gateways is not null) WatchOf(node, way).Take(nowMs);
        return way;
    }

    /// <summary>A call ended.</summary>
    /// <param name="node">To which node.</param>
    /// <param name="way">By which way.</param>
    /// <param name="sentMs">When it left.</param>
    /// <param name="answered">Whether there was an answer.</param>
    /// <param name="nowMs">Now.</param>
    public void End(string node, Way way, long sentMs, bool answered, long nowMs)
    {
        if (gateways is null) return;
        if (answered) WatchOf(node, way).Answered(sentMs, nowMs);
        else WatchOf(node, way).Failed(sentMs, nowMs);
    }

    /// <summary>A way's connection broke.</summary>
    public void Lost(Way way, long nowMs)
    {
        foreach (((string _, Way of), WayWatch watch) in _watches)
            if (of == way) watch.Lost(nowMs);
    }

    private Way Choose(string node, long nowMs)
    {
        Way? direct = null;
        foreach (Way way in _toNodes)
            if (way.Node == node) direct = way;
        if (direct is not null && WatchOf(node, direct).IsGood(nowMs)) return direct;
        int count = _toNodes.Count + 1;
        for (int i = 0; i < count; i++)
        {
            Way way = At((_next + i) % count);
            if (way == direct || !WatchOf(node, way).IsGood(nowMs)) continue;
            _next = (_next + i + 1) % count;
            return way;
        }

        // Nothing is known to work: each in turn, so that one that does is found.
        _next = (_next + 1) % count;
        return At(_next);
    }

    private Way At(int index) => index < _toNodes.Count ? _toNodes[index] : own;

    private WayWatch WatchOf(string node, Way way)
    {
        if (!_watches.TryGetValue((node, way), out WayWatch? watch)) _watches.Add((node, way), watch = new WayWatch());
        return watch;
    }

    private void FindNew(IReadOnlyList<NodeGateway> open)
    {
        for (int i = _toNodes.Count; i < open.Count; i++)
        {
            Way way = new(open[i].Node, open[i].Grains, open[i].Connections);
            _toNodes.Add(way);
            Opened?.Invoke(way);
        }
    }
}
