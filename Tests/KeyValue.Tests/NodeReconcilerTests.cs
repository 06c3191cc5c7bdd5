using System.Collections.Immutable;
using Quorleans.KeyValue.Handoff;

namespace Quorleans.KeyValue.Tests;

public sealed class NodeReconcilerTests
{
    private static readonly ControllerNode Here = new("n1", new Guid(1, 0, 0, new byte[8])), There = new("n2", new Guid(2, 0, 0, new byte[8]));
    private readonly NodeReconciler _node = new(Here);
    private readonly List<NodeEffect> _effects = [];

    [Fact]
    public void NewGroup_IsBegunOnce_WhereItsFirstConfigurationNamesTheDisk()
    {
        GroupPlace place = Group(7, There, Here);
        Learn(place);
        Assert.Equal([NodeEffectKind.Begin], Step(place, default));
        Assert.Equal([NodeEffectKind.Drive], Step(place, new HostedGroup { Incarnation = 7, PastIncarnation = 7 }));
        Assert.Empty(Step(place, new HostedGroup { PastIncarnation = 7 }));
        Assert.Empty(Step(Group(7, There), default));
        Assert.Empty(Step(place with { Version = 3 }, default));
    }

    /// <summary>Found by the simulator: seed 13, profile sharded.</summary>
    [Fact]
    public void Leader_DrivesAndTells_ThoughTheControllerDoesNotKnowThatTheGroupIsHere()
    {
        GroupPlace place = Group(7, There);
        Learn(place);
        Assert.Contains(place, _node.Places);
        Assert.Equal([NodeEffectKind.Drive, NodeEffectKind.Report], Step(place, new HostedGroup { Incarnation = 7, PastIncarnation = 7, Leads = true, Version = 40, Nodes = [Here] }));
        Assert.Equal(40, ((MembersChangedCommand)_effects[^1].Report!).Version);
    }

    /// <summary>Found by the simulator: seed 4, profile sharded.</summary>
    [Fact]
    public void Replica_GoesWithItsGroup_ThoughTheControllerNeverKnewOfIt()
    {
        Learn(Group(7, There));
        _effects.Clear();
        _node.Sweep(2, 7, _effects);
        Assert.Empty(_effects);
        _node.Sweep(2, 5, _effects);
        Assert.Equal(NodeEffectKind.End, Assert.Single(_effects).Kind);
        Assert.Equal(5, _effects[0].Place.Incarnation);
    }

    [Fact]
    public void Replica_OfAGroupThatTheMapIsTooOldFor_Stays()
    {
        Learn(Group(7, There));
        _effects.Clear();
        _node.Sweep(3, 1_000, _effects);
        Assert.Empty(_effects);
    }

    private void Learn(GroupPlace place) =>
        _node.Learn(new ShardMap(100, 1, [new ShardPlace(2, 1, 2, 0, 0)], [place], [], [Here, There]), _effects);

    private NodeEffectKind[] Step(GroupPlace place, HostedGroup here)
    {
        _effects.Clear();
        _node.Step(place, here, _effects);
        return [.. _effects.Select(static effect => effect.Kind)];
    }

    private static GroupPlace Group(long incarnation, params ImmutableArray<ControllerNode> nodes) => new(2, incarnation, GroupPhase.Active, 0, nodes);
}
