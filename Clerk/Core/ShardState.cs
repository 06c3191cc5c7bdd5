using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>What the Clerk knows of one shard: its session there, and which group serves it.</summary>
internal sealed class ShardState(ShardId id, GroupState group)
{
    /// <summary>The client's outstanding writes on it. They belong to the shard and go with it from group to group.</summary>
    public OperationSession Session;

    /// <summary>Which shard.</summary>
    public ShardId Id { get; } = id;

    /// <summary>The group that serves it as far as is known.</summary>
    public GroupState Group { get; private set; } = group;

    /// <summary>The shard's epoch there; 0 as long as it is a guess.</summary>
    public long Epoch { get; private set; }

    /// <summary>Rounds of refusals in a row.</summary>
    public int Refusals { get; private set; }

    /// <summary>When it is asked again after a refusal; its operations wait together until then.</summary>
    public long NotBeforeMs { get; private set; } = long.MinValue;

    /// <summary>Another group serves it.</summary>
    public void MoveTo(GroupState group, long epoch)
    {
        Group = group;
        Epoch = epoch;
    }

    /// <summary>Its group does not serve it now: all its operations wait. The answers of batches that are under way together count once.</summary>
    public void Pause(long nowMs, int pauseMs)
    {
        if (NotBeforeMs > nowMs) return;
        Refusals++;
        NotBeforeMs = nowMs + pauseMs;
    }

    /// <summary>Its group served it.</summary>
    public void Served()
    {
        Refusals = 0;
        NotBeforeMs = long.MinValue;
    }
}
