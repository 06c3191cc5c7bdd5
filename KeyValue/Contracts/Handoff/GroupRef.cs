using System.Globalization;

namespace Quorleans.KeyValue;

/// <summary>A replica group. A group that left and joined again under the same number is another group: its incarnation differs.</summary>
/// <param name="Gid">The group's number, from 1 on; 0 is nobody.</param>
/// <param name="Incarnation">The index in the controller's log of the entry that created it; 1 for the group that the cluster was created with.</param>
public readonly record struct GroupRef(int Gid, long Incarnation)
{
    /// <summary>Nobody.</summary>
    public static GroupRef None => default;

    /// <summary>Whether this is nobody.</summary>
    public bool IsNone => Gid == 0;

    /// <inheritdoc/>
    public override string ToString() => IsNone ? "nobody" : string.Create(CultureInfo.InvariantCulture, $"g{Gid}#{Incarnation}");
}
