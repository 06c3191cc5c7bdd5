namespace Quorleans.KeyValue;

/// <summary>The limits of a shard controller. The same on all its replicas for ever: one that took what another refuses would diverge.</summary>
public sealed record ControllerLimits
{
    /// <summary>Bytes of a node's name, at most.</summary>
    public const int MaxNodeNameBytes = 64;

    /// <summary>The defaults.</summary>
    public static ControllerLimits Default { get; } = new();

    /// <summary>Groups that live at the same time, at most; 1,024.</summary>
    public int MaxGroups { get; init; } = 1024;

    /// <summary>Nodes of one group, at most; 16.</summary>
    public int MaxNodesPerGroup { get; init; } = 16;

    /// <summary>Registered nodes, at most; 1,024.</summary>
    public int MaxNodes { get; init; } = 1024;

    /// <summary>Groups that are gone and remembered until all their nodes have cleaned up, at most; 256. Then the oldest is forgotten.</summary>
    public int MaxGoneGroups { get; init; } = 256;

    /// <summary>Numbered configurations that can be asked for, at most; 1,000. Older ones are compacted away.</summary>
    public int MaxConfigurations { get; init; } = 1000;

    /// <summary>
    /// Shards and group members over all remembered configurations, at most; 1,048,576. Bounds the history's memory and snapshots where a
    /// configuration is large. The newest configuration always stays.
    /// </summary>
    public int MaxHistoryCells { get; init; } = 1 << 20;

    /// <summary>Encoded bytes of a command or a query, at most; 1 MiB.</summary>
    public int MaxRequestBytes { get; init; } = 1 << 20;

    /// <summary>Sessions, at most; 4,096. Commands of further clients are <see cref="ControllerStatus.Busy"/>.</summary>
    public int MaxSessions { get; init; } = 4096;

    /// <summary>Results that one session may hold, done and not acknowledged; 256. Further commands are <see cref="ControllerStatus.Busy"/>.</summary>
    public int MaxSessionResults { get; init; } = 256;

    /// <summary>Log time in milliseconds for which a result that nobody acknowledged is kept after its command's deadline; 60,000.</summary>
    public int ResultRetentionMs { get; init; } = 60_000;

    /// <summary>Checks that the limits make sense.</summary>
    /// <returns>Null, or what is wrong, for a person.</returns>
    public string? Problem()
    {
        if (MaxGroups is < 1 or > 1 << 16) return $"MaxGroups is {MaxGroups}; it must be 1 to {1 << 16}.";
        if (MaxNodesPerGroup is < 1 or > 256) return $"MaxNodesPerGroup is {MaxNodesPerGroup}; it must be 1 to 256.";
        if (MaxNodes is < 1 or > 1 << 16) return $"MaxNodes is {MaxNodes}; it must be 1 to {1 << 16}.";
        if (MaxGoneGroups is < 0 or > 1 << 16) return $"MaxGoneGroups is {MaxGoneGroups}; it must be 0 to {1 << 16}.";
        if (MaxConfigurations is < 1 or > 1 << 20) return $"MaxConfigurations is {MaxConfigurations}; it must be 1 to {1 << 20}.";
        if (MaxHistoryCells is < 1 or > 1 << 26) return $"MaxHistoryCells is {MaxHistoryCells}; it must be 1 to {1 << 26}.";
        if (MaxRequestBytes is < 64 or > 1 << 24) return $"MaxRequestBytes is {MaxRequestBytes}; it must be 64 to {1 << 24}.";
        if (MaxSessions is < 1 or > 1 << 20) return $"MaxSessions is {MaxSessions}; it must be 1 to {1 << 20}.";
        if (MaxSessionResults is < 1 or > 1 << 16) return $"MaxSessionResults is {MaxSessionResults}; it must be 1 to {1 << 16}.";
        return ResultRetentionMs < 0 ? $"ResultRetentionMs is {ResultRetentionMs}; it must not be negative." : null;
    }
}
