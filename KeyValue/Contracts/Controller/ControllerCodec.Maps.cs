using System.Collections.Immutable;

namespace Quorleans.KeyValue;

public static partial class ControllerCodec
{
    internal static void Write(PayloadWriter writer, ShardConfiguration configuration)
    {
        writer.Varint(configuration.Number);
        writer.Varint((long)configuration.Shards.Length);
        foreach (int gid in configuration.Shards) writer.Varint((long)gid);
        writer.Varint((long)configuration.Groups.Length);
        foreach (ConfigurationGroup group in configuration.Groups)
        {
            writer.Varint((long)group.Gid);
            writer.Varint(group.Incarnation);
            WriteNames(writer, group.Nodes);
        }
    }

    internal static ShardConfiguration? ReadConfiguration(ref PayloadReader reader)
    {
        long number = reader.Varint();
        int count = Count(ref reader);
        if (count > ShardFunction.MaxShards) return null;
        ImmutableArray<int>.Builder shards = ImmutableArray.CreateBuilder<int>(count);
        for (int i = 0; i < count; i++) shards.Add(ReadGid(ref reader));
        int groupCount = Count(ref reader);
        ImmutableArray<ConfigurationGroup>.Builder groups = ImmutableArray.CreateBuilder<ConfigurationGroup>(Math.Min(groupCount, 16));
        int previous = 0;
        for (int i = 0; i < groupCount; i++)
        {
            (int gid, long incarnation) = (ReadGid(ref reader), reader.Varint());
            if (gid <= previous || !ReadNames(ref reader, out ImmutableArray<string> nodes)) return null;
            groups.Add(new ConfigurationGroup(gid, incarnation, nodes));
            previous = gid;
        }

        return reader.Failed ? null : new ShardConfiguration(number, shards.DrainToImmutable(), groups.DrainToImmutable());
    }

    internal static void Write(PayloadWriter writer, ShardMap map)
    {
        writer.Varint(map.Revision);
        writer.Varint(map.Number);
        WriteShards(writer, map.Shards);
        WriteGroups(writer, map.Groups);
        WriteGroups(writer, map.Gone);
        WriteNodes(writer, map.Nodes);
    }

    internal static ShardMap? ReadMap(ref PayloadReader reader)
    {
        (long revision, long number) = (reader.Varint(), reader.Varint());
        return ReadShards(ref reader, out ImmutableArray<ShardPlace> shards)
            && ReadGroups(ref reader, out ImmutableArray<GroupPlace> groups)
            && ReadGroups(ref reader, out ImmutableArray<GroupPlace> gone)
            && ReadNodes(ref reader, out ImmutableArray<ControllerNode> nodes)
            ? new ShardMap(revision, number, shards, groups, gone, nodes) : null;
    }

    private static void WriteShards(PayloadWriter writer, ImmutableArray<ShardPlace> shards)
    {
        writer.Varint((long)shards.Length);
        foreach (ShardPlace shard in shards)
        {
            writer.Varint((long)shard.Owner);
            writer.Varint(shard.Epoch);
            writer.Varint((long)shard.Target);
            writer.Varint(shard.Move);
            writer.Varint((long)shard.MoveTo);
        }
    }

    private static bool ReadShards(ref PayloadReader reader, out ImmutableArray<ShardPlace> shards)
    {
        shards = [];
        int count = Count(ref reader);
        if (count > ShardFunction.MaxShards) return false;
        ImmutableArray<ShardPlace>.Builder builder = ImmutableArray.CreateBuilder<ShardPlace>(count);
        for (int i = 0; i < count; i++)
        {
            var shard = new ShardPlace(ReadGid(ref reader), reader.Varint(), ReadGid(ref reader), reader.Varint(), ReadGid(ref reader));
            if (shard.IsMoving != (shard.MoveTo != 0) || (shard.IsMoving && shard.MoveTo == shard.Owner) || (shard.Owner == 0) != (shard.Epoch == 0)) return false;
            builder.Add(shard);
        }

        shards = builder.DrainToImmutable();
        return !reader.Failed;
    }

    private static void WriteGroups(PayloadWriter writer, ImmutableArray<GroupPlace> groups)
    {
        writer.Varint((long)groups.Length);
        foreach (GroupPlace group in groups)
        {
            writer.Varint((long)group.Gid);
            writer.Varint(group.Incarnation);
            writer.Byte((byte)group.Phase);
            writer.Varint(group.Version);
            WriteNodes(writer, group.Nodes);
        }
    }

    private static bool ReadGroups(ref PayloadReader reader, out ImmutableArray<GroupPlace> groups)
    {
        groups = [];
        int count = Count(ref reader);
        ImmutableArray<GroupPlace>.Builder builder = ImmutableArray.CreateBuilder<GroupPlace>(Math.Min(count, 16));
        for (int i = 0; i < count; i++)
        {
            (int gid, long incarnation, byte phase, long version) = (ReadGid(ref reader), reader.Varint(), reader.Byte(), reader.Varint());
            if (gid == 0 || phase is < (byte)GroupPhase.Joining or > (byte)GroupPhase.Gone || !ReadNodes(ref reader, out ImmutableArray<ControllerNode> nodes)) return false;
            builder.Add(new GroupPlace(gid, incarnation, (GroupPhase)phase, version, nodes));
        }

        groups = builder.DrainToImmutable();
        return !reader.Failed;
    }
}
