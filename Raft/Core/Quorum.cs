using System.Collections.Immutable;

namespace Quorleans.Raft;

/// <summary>Majorities, by sorting a small span: no incremental cleverness (openraft#1802 is what that costs).</summary>
internal static class Quorum
{
    /// <summary>The largest number that a majority of both halves of the configuration has reached.</summary>
    internal static long Reached(Membership membership, Func<MemberId, long> reached)
    {
        long value = Majority(membership.Voters, reached);
        return membership.IsJoint ? Math.Min(value, Majority(membership.Outgoing, reached)) : value;
    }

    /// <summary>Whether a majority of both halves satisfies a condition.</summary>
    internal static bool Has(Membership membership, Func<MemberId, bool> condition) =>
        Reached(membership, id => condition(id) ? 1 : 0) == 1;

    private static long Majority(ImmutableArray<Member> voters, Func<MemberId, long> reached)
    {
        if (voters.IsEmpty) return long.MaxValue; // an empty half agrees to everything
        Span<long> values = voters.Length <= 16 ? stackalloc long[voters.Length] : new long[voters.Length];
        for (int i = 0; i < voters.Length; i++) values[i] = reached(voters[i].Id);
        values.Sort();
        return values[(voters.Length - 1) / 2];
    }
}
