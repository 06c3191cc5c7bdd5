namespace Quorleans.KeyValue.Handoff;

/// <summary>
/// Says what a node must do to be what the shard controller's newest map says: which replicas begin and end, whose hand-offs are driven here, what the
/// controller is told. It looks again and again, so that no message has to arrive. Deterministic; not safe for several threads at once.
/// </summary>
/// <remarks>
/// A round of the host: ask the controller <see cref="Question"/>; <see cref="Learn"/> the answer; for each of <see cref="Places"/> look what is here and
/// <see cref="Step"/>; <see cref="Sweep"/> each replica that is here; carry out the effects; look again after <see cref="PauseMs"/>.
/// </remarks>
/// <param name="self">The node.</param>
public sealed class NodeReconciler(ControllerNode self)
{
    private const int IdleMs = 100, BusyMs = 50;

    /// <summary>The newest map known, or null.</summary>
    public ShardMap? Map { get; private set; }

    /// <summary>How long to pause after a round, in milliseconds: shortly while shards move.</summary>
    public int PauseMs { get; private set; } = IdleMs;

    /// <summary>
    /// The groups of the newest map that may concern this node: all that live, since a group may have come here without the controller knowing, and then only
    /// who leads it here can tell; and those that are gone and were here.
    /// </summary>
    public IReadOnlyList<GroupPlace> Places { get; private set; } = [];

    /// <summary>The question to the controller: what is newer than a map.</summary>
    /// <param name="known">The map, or null.</param>
    public static byte[] Question(ShardMap? known) => ControllerCodec.Encode(new MapQuery(known?.Revision ?? -1));

    /// <summary>Reads the controller's answer to <see cref="Question"/>.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="known">The map that the question was asked with.</param>
    /// <returns>The newest map, which may be the known one; null when the answer is none.</returns>
    public static ShardMap? Read(ReadOnlySpan<byte> answer, ShardMap? known) =>
        ControllerCodec.TryRead(answer, out ControllerAnswer? read).IsError || read is not MapAnswer map ? null : map.Map ?? known;

    /// <summary>Takes in a map. Older ones than before are passed over.</summary>
    /// <param name="map">The map.</param>
    /// <param name="effects">Where the effects go.</param>
    public void Learn(ShardMap map, List<NodeEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(effects);
        if (Map is null || map.Revision > Map.Revision) Adopt(map);
        if (!Map!.Nodes.Contains(self)) Tell(default, new RegisterNodeCommand(self), effects);
    }

    /// <summary>Says what is to be done about one of <see cref="Places"/>.</summary>
    /// <param name="place">The group.</param>
    /// <param name="here">What is here of it.</param>
    /// <param name="effects">Where the effects go, in the order in which they are to be done.</param>
    public void Step(in GroupPlace place, in HostedGroup here, List<NodeEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (place.Phase == GroupPhase.Gone)
        {
            effects.Add(new NodeEffect { Kind = NodeEffectKind.End, Place = place });
            return;
        }

        // Only as it began, and once: members that came later are told by the group's leader, and one that lost its log must not begin anew.
        if (here.Incarnation == 0 && place.Version == 0 && place.Nodes.Contains(self) && here.PastIncarnation < place.Incarnation)
            effects.Add(new NodeEffect { Kind = NodeEffectKind.Begin, Place = place });
        if (here.Incarnation != place.Incarnation) return;
        effects.Add(new NodeEffect { Kind = NodeEffectKind.Drive, Place = place });
        if (!here.Leads) return;
        if (place.Phase == GroupPhase.Joining) Tell(place, new GroupActiveCommand(place.Gid, place.Incarnation), effects);
        if (here.Version > place.Version) Tell(place, new MembersChangedCommand(place.Gid, place.Incarnation, here.Version, here.Nodes), effects);
    }

    /// <summary>
    /// Says whether a replica that is here has to go, since its group is gone. The controller may not know of it: it was a learner, or became a member just
    /// before the end.
    /// </summary>
    /// <param name="gid">The group's gid.</param>
    /// <param name="incarnation">Its incarnation.</param>
    /// <param name="effects">Where the effect goes.</param>
    public void Sweep(int gid, long incarnation, List<NodeEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        // An older map does not know the group yet; what a newer one has no more never comes back.
        if (Map is not { } map || map.Revision < incarnation || map.Find(gid) is { } group && group.Incarnation == incarnation) return;
        foreach (GroupPlace place in Places)
            if (place.Gid == gid && place.Incarnation == incarnation) return;
        effects.Add(new NodeEffect { Kind = NodeEffectKind.End, Place = new GroupPlace(gid, incarnation, GroupPhase.Gone, 0, []) });
    }

    /// <summary>What to tell the controller when nothing of a group that is gone is here any more.</summary>
    /// <param name="place">The group.</param>
    public ControllerCommand Cleaned(in GroupPlace place) => new GroupCleanedCommand(place.Gid, place.Incarnation, self.Name);

    private void Adopt(ShardMap map)
    {
        Map = map;
        List<GroupPlace> places = [];
        foreach (GroupPlace group in map.Groups) places.Add(group);
        foreach (GroupPlace group in map.Gone)
            if (group.Nodes.Contains(self)) places.Add(group);
        Places = places;
        PauseMs = IdleMs;
        foreach (ShardPlace shard in map.Shards)
            if (shard.IsMoving) PauseMs = BusyMs;
    }

    private static void Tell(in GroupPlace place, ControllerCommand report, List<NodeEffect> effects) =>
        effects.Add(new NodeEffect { Kind = NodeEffectKind.Report, Place = place, Report = report });
}
