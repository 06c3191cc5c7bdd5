using System.Collections.Immutable;

namespace Quorleans.KeyValue;

/// <summary>
/// A numbered configuration (the labs' Config): which group each shard shall belong to. Who owns a shard at this moment is in the
/// <see cref="ShardMap"/>. Never changes; the next one is another object.
/// </summary>
/// <param name="Number">0, 1, 2…; 0 has no groups.</param>
/// <param name="Shards">The gid for each shard; 0 for nobody.</param>
/// <param name="Groups">The groups, by ascending gid.</param>
public sealed record ShardConfiguration(long Number, ImmutableArray<int> Shards, ImmutableArray<ConfigurationGroup> Groups)
{
    /// <summary>What it counts against <see cref="ControllerLimits.MaxHistoryCells"/>.</summary>
    public int Cells
    {
        get
        {
            int cells = Shards.Length + 1;
            foreach (ConfigurationGroup group in Groups) cells += 1 + group.Nodes.Length;
            return cells;
        }
    }

    /// <summary>Finds a group.</summary>
    /// <param name="gid">The gid.</param>
    /// <returns>Null when it is not in the configuration.</returns>
    public ConfigurationGroup? Find(int gid)
    {
        foreach (ConfigurationGroup group in Groups)
        {
            if (group.Gid == gid) return group;
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(ShardConfiguration? other)
    {
        if (other is null || Number != other.Number || !Shards.AsSpan().SequenceEqual(other.Shards.AsSpan())) return false;
        if (Groups.Length != other.Groups.Length) return false;
        for (int i = 0; i < Groups.Length; i++)
        {
            (ConfigurationGroup mine, ConfigurationGroup its) = (Groups[i], other.Groups[i]);
            if (mine.Gid != its.Gid || mine.Incarnation != its.Incarnation || !mine.Nodes.AsSpan().SequenceEqual(its.Nodes.AsSpan())) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override int GetHashCode() => Number.GetHashCode();
}

/// <summary>A group in a configuration.</summary>
/// <param name="Gid">Its number.</param>
/// <param name="Incarnation">The controller's index that made it.</param>
/// <param name="Nodes">The names of its nodes.</param>
public readonly record struct ConfigurationGroup(int Gid, long Incarnation, ImmutableArray<string> Nodes);
