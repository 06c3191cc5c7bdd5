namespace Quorleans.KeyValue.Controller;

/// <summary>
/// Spreads shards over groups: no group has more than one shard more than another, and no other way that is as even changes fewer
/// targets. The same input gives the same output everywhere.
/// </summary>
/// <remarks>
/// With N shards and G groups, N mod G groups must have ⌈N/G⌉ shards and the others ⌊N/G⌋. A group that has c of them and a quota of q keeps min(c, q)
/// at best, so the changes are at least N - Σ min(c, q), and this reaches it. The sum is largest when the larger quotas go to the groups that have
/// most: a group gains from the larger quota only if it has more than ⌊N/G⌋, and then exactly one.
/// <para>
/// What that leaves open is settled in favour of data that need not travel: a shard that is still owned by a group with room goes (or stays) there. Proven
/// against all possible ways on small cases by <c>RebalancerTests</c>.
/// </para>
/// </remarks>
internal static class Rebalancer
{
    /// <summary>Gives every shard a target.</summary>
    /// <param name="targets">The gid for each shard; in: what it was, also of groups that are no more or 0; out: what it shall be.</param>
    /// <param name="owners">The gid that holds each shard's data now, or 0.</param>
    /// <param name="gids">The groups, ascending; when there are none, all targets become 0.</param>
    public static void Spread(Span<int> targets, ReadOnlySpan<int> owners, ReadOnlySpan<int> gids)
    {
        if (gids.IsEmpty)
        {
            targets.Clear();
            return;
        }

        int[] room = Rooms(targets, owners, gids);
        GiveUpSurplus(targets, owners, gids, room);
        GiveToOwners(targets, owners, gids, room);
        GiveToAny(targets, room, gids);
    }

    // What each group can take (positive) or must give up (negative).
    private static int[] Rooms(ReadOnlySpan<int> targets, ReadOnlySpan<int> owners, ReadOnlySpan<int> gids)
    {
        int[] room = new int[gids.Length];
        long[] rank = new long[gids.Length];
        for (int i = 0; i < targets.Length; i++)
        {
            int group = gids.BinarySearch(targets[i]);
            if (group >= 0) rank[group] += 1L << 32;
            group = gids.BinarySearch(owners[i]);
            if (group >= 0) rank[group] += 1L << 16;
        }

        // By shards, then by shards owned, then by gid; most first. Ranks are unique, since a place is part of them.
        int[] order = new int[gids.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            room[i] = targets.Length / gids.Length - (int)(rank[i] >> 32);
            rank[i] = long.MaxValue - rank[i] - (ushort.MaxValue - i);
        }

        Array.Sort(rank, order);
        for (int i = 0; i < targets.Length % gids.Length; i++) room[order[i]]++;
        return room;
    }

    private static void GiveUpSurplus(Span<int> targets, ReadOnlySpan<int> owners, ReadOnlySpan<int> gids, int[] room)
    {
        // First those whose data is at a group with room, then those whose data is not here yet, then any.
        for (int pass = 0; pass < 3; pass++)
        {
            for (int i = 0; i < targets.Length; i++)
            {
                int group = gids.BinarySearch(targets[i]);
                if (group < 0 || room[group] >= 0) continue;
                if (pass < 2 && owners[i] == targets[i]) continue;
                if (pass == 0)
                {
                    int owner = gids.BinarySearch(owners[i]);
                    if (owner < 0 || room[owner] <= 0) continue;
                    room[owner]--;
                    targets[i] = owners[i];
                }
                else
                {
                    targets[i] = 0;
                }

                room[group]++;
            }
        }
    }

    private static void GiveToOwners(Span<int> targets, ReadOnlySpan<int> owners, ReadOnlySpan<int> gids, int[] room)
    {
        for (int i = 0; i < targets.Length; i++)
        {
            if (gids.BinarySearch(targets[i]) >= 0) continue;
            int owner = gids.BinarySearch(owners[i]);
            if (owner < 0 || room[owner] <= 0) continue;
            room[owner]--;
            targets[i] = owners[i];
        }
    }

    private static void GiveToAny(Span<int> targets, int[] room, ReadOnlySpan<int> gids)
    {
        int next = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            if (gids.BinarySearch(targets[i]) >= 0) continue;
            while (room[next] <= 0) next++;
            room[next]--;
            targets[i] = gids[next];
        }
    }
}
