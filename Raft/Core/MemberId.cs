namespace Quorleans.Raft;

/// <summary>
/// A member of one group incarnation. Ids are given by the group's configuration and never used twice: a node whose disk was
/// wiped, or that was removed and added again, is another member (dissertation §4.1; a member that forgot its vote must not vote).
/// </summary>
/// <param name="Value">The id; 0 means none.</param>
public readonly record struct MemberId(int Value) : IComparable<MemberId>
{
    /// <summary>No member.</summary>
    public static MemberId None => default;

    /// <summary>Whether this is no member.</summary>
    public bool IsNone => Value == 0;

    /// <inheritdoc/>
    public int CompareTo(MemberId other) => Value.CompareTo(other.Value);

    /// <summary>Orders by id.</summary>
    public static bool operator <(MemberId left, MemberId right) => left.Value < right.Value;

    /// <summary>Orders by id.</summary>
    public static bool operator >(MemberId left, MemberId right) => left.Value > right.Value;

    /// <summary>Orders by id.</summary>
    public static bool operator <=(MemberId left, MemberId right) => left.Value <= right.Value;

    /// <summary>Orders by id.</summary>
    public static bool operator >=(MemberId left, MemberId right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
