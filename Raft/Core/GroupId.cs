namespace Quorleans.Raft;

/// <summary>
/// A Raft group in one of its incarnations. A group that is removed and created again under the same name is a new incarnation
/// and shares nothing with the old one: messages, log records and snapshots of the other are refused.
/// </summary>
/// <param name="Name">The group's name, such as <c>g1</c> or <c>ctl</c>: ASCII letters and digits, 1 to 32 characters.</param>
/// <param name="Incarnation">Which life of the group this is; the first is 1.</param>
public readonly record struct GroupId(string Name, long Incarnation) : IComparable<GroupId>
{
    /// <inheritdoc/>
    public int CompareTo(GroupId other)
    {
        int byName = string.CompareOrdinal(Name, other.Name);
        return byName != 0 ? byName : Incarnation.CompareTo(other.Incarnation);
    }

    /// <summary>Orders by name (ordinal), then incarnation.</summary>
    public static bool operator <(GroupId left, GroupId right) => left.CompareTo(right) < 0;

    /// <summary>Orders by name (ordinal), then incarnation.</summary>
    public static bool operator >(GroupId left, GroupId right) => left.CompareTo(right) > 0;

    /// <summary>Orders by name (ordinal), then incarnation.</summary>
    public static bool operator <=(GroupId left, GroupId right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by name (ordinal), then incarnation.</summary>
    public static bool operator >=(GroupId left, GroupId right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Name}#{Incarnation}";
}
