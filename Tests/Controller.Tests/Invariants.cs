namespace Quorleans.KeyValue.Controller.Tests;

/// <summary>What must hold of a controller at every index.</summary>
internal static class Invariants
{
    public static void Check(ControllerStateMachine machine)
    {
        ShardMap map = machine.Map;
        ShardConfiguration newest = machine.Newest;
        Assert.Equal(map.Number, newest.Number);
        foreach (ShardPlace shard in map.Shards)
        {
            Assert.Equal(shard.Owner == 0, shard.Epoch == 0);
            Assert.True(shard.Owner == 0 || map.Find(shard.Owner) is not null, "An owner is gone.");
            Assert.True(shard.Target == 0 || map.Find(shard.Target) is { IsMember: true }, "A target is no member.");
            if (shard.IsMoving)
            {
                Assert.NotEqual(shard.Owner, shard.MoveTo);
                Assert.NotNull(map.Find(shard.MoveTo));
            }
            else
            {
                Assert.True(shard.Target == 0 || shard.Target == shard.Owner, "A shard rests where it shall not be.");
            }
        }

        Assert.Equal(map.Shards.Select(shard => shard.Target), newest.Shards);
        Assert.Equal(map.Groups.Where(group => group.IsMember).Select(group => (group.Gid, group.Incarnation)), newest.Groups.Select(group => (group.Gid, group.Incarnation)));
        foreach (GroupPlace group in map.Groups)
        {
            Assert.NotEqual(GroupPhase.Gone, group.Phase);
            bool needed = map.Shards.Any(shard => shard.Owner == group.Gid || shard.MoveTo == group.Gid);
            Assert.True(group.IsMember || needed, "A group that nothing needs is not gone.");
        }

        Assert.All(map.Gone, group => Assert.Equal(GroupPhase.Gone, group.Phase));
        int[] gids = [.. map.Groups.Select(group => group.Gid)];
        Assert.Equal(gids.Order().Distinct(), gids);
        Assert.Equal(map.Nodes.Select(node => node.Name).Order(StringComparer.Ordinal), map.Nodes.Select(node => node.Name));
    }

    /// <summary>From one index to the next.</summary>
    public static void CheckStep(ShardMap before, ShardMap after)
    {
        Assert.True(after.Revision >= before.Revision);
        Assert.InRange(after.Number - before.Number, 0, 1);
        for (int i = 0; i < before.Shards.Length; i++)
        {
            (ShardPlace old, ShardPlace now) = (before.Shards[i], after.Shards[i]);
            if (now.Owner != old.Owner)
            {
                // The owner changes only by a move that was on its way, to where it went.
                Assert.True(old.IsMoving);
                Assert.Equal((old.MoveTo, old.Epoch + 1), (now.Owner, now.Epoch));
            }
            else
            {
                Assert.Equal(old.Epoch, now.Epoch);
            }

            // A move is never replaced by another while the old one may still be done: only its end is told, and ids are not used twice.
            if (now.IsMoving && now.Move != old.Move) Assert.True(now.Move > before.Revision);
        }
    }
}
