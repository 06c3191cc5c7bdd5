namespace Quorleans.KeyValue.Handoff;

/// <summary>What a node shall do to be what the map says. None needs an acknowledgement: the next look finds what is not done.</summary>
public enum NodeEffectKind
{
    /// <summary>Tell the controller <see cref="NodeEffect.Report"/>, which is idempotent.</summary>
    Report,

    /// <summary>Begin this node's replica of <see cref="NodeEffect.Place"/> as one of the group's first members, then look again.</summary>
    Begin,

    /// <summary>Have the group's hand-offs driven from now on, and set the group's clock forward to the controller's time.</summary>
    Drive,

    /// <summary>
    /// Stop driving the group and remove this node's replica of it; once nothing of it is here, tell the controller what
    /// <see cref="NodeReconciler.Cleaned"/> gives.
    /// </summary>
    End,
}

/// <summary>What a node shall do.</summary>
public readonly record struct NodeEffect
{
    /// <summary>What.</summary>
    public required NodeEffectKind Kind { get; init; }

    /// <summary>The group that it is about; default when it is about the node.</summary>
    public GroupPlace Place { get; init; }

    /// <summary>Report: what.</summary>
    public ControllerCommand? Report { get; init; }
}
