using System.Globalization;

namespace Quorleans.KeyValue;

/// <summary>What Raft groups are called.</summary>
public static class GroupNames
{
    /// <summary>The shard controller's group.</summary>
    public const string Controller = "ctl";

    /// <summary>The group that keeps Orleans' membership table.</summary>
    public const string Members = "members";

    /// <summary>A replica group's name: <c>g1</c> for the number 1.</summary>
    /// <param name="gid">The group's number, from 1 on.</param>
    public static string Of(int gid) => string.Create(CultureInfo.InvariantCulture, $"g{gid}");

    /// <summary>The number of a replica group.</summary>
    /// <param name="name">Such as <c>g1</c>.</param>
    /// <param name="gid">The number.</param>
    /// <returns>False when this is no replica group's name.</returns>
    public static bool TryParse(ReadOnlySpan<char> name, out int gid)
    {
        gid = 0;
        return name.StartsWith("g", StringComparison.Ordinal) && int.TryParse(name[1..], NumberStyles.None, CultureInfo.InvariantCulture, out gid) && gid > 0;
    }
}
