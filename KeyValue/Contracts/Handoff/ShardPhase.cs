namespace Quorleans.KeyValue;

/// <summary>What a shard is in one replica group. The numbers stand in snapshots and messages.</summary>
public enum ShardPhase : byte
{
    /// <summary>The group serves the shard, and no move of it has begun here.</summary>
    Serving = 0,

    /// <summary>The group has nothing of the shard and knows no owner.</summary>
    Absent = 1,

    /// <summary>The shard is on its way here: staged, not served.</summary>
    Importing = 2,

    /// <summary>The shard is being copied to another group and still served here.</summary>
    Exporting = 3,

    /// <summary>The shard belongs to another group since the freeze; its last state is kept until the other one serves it.</summary>
    Frozen = 4,

    /// <summary>The shard belongs to another group, and nothing of it is left but a pointer there.</summary>
    Released = 5,
}
