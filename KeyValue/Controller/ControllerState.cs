using System.Collections.Immutable;

namespace Quorleans.KeyValue.Controller;

/// <summary>All that the shard controller remembers. Never changes, so that a snapshot is a reference to it; each applied command makes the next one.</summary>
internal sealed record ControllerState
{
    /// <summary>Shards, groups and nodes.</summary>
    public required ShardMap Map { get; init; }

    /// <summary>The numbered configurations that are kept, oldest first; the last one is the newest.</summary>
    public required ImmutableList<ShardConfiguration> History { get; init; }

    /// <summary>The sum of their cells.</summary>
    public required long HistoryCells { get; init; }

    /// <summary>Who sent commands, and what they were answered.</summary>
    public ImmutableSortedDictionary<ClientId, ControllerSession> Sessions { get; init; } = ImmutableSortedDictionary<ClientId, ControllerSession>.Empty;

    /// <summary>The log time of the last entry applied.</summary>
    public long TimeMs { get; init; }

    /// <summary>The log time from which sessions are swept next.</summary>
    public long NextSweepMs { get; init; }

    /// <summary>The newest configuration.</summary>
    public ShardConfiguration Newest => History[^1];

    /// <summary>The state that a cluster begins with.</summary>
    public static ControllerState Genesis(ControllerOptions options)
    {
        ImmutableArray<int> nobody = ImmutableArray.Create(new int[options.ShardCount]);
        var zero = new ShardConfiguration(0, nobody, []);
        ImmutableArray<ShardPlace> shards = ImmutableArray.Create(new ShardPlace[options.ShardCount]);
        var state = new ControllerState
        {
            Map = new ShardMap(0, 0, shards, [], [], []), History = [zero], HistoryCells = zero.Cells,
        };
        var edit = new MapEdit(state.Map, options, index: 1);
        foreach (ControllerNode node in options.Nodes) Demand(edit.Register(node), options);
        if (options.Groups.Length > 0) Demand(edit.Join(options.Groups), options);
        edit.SettleGenesis();
        ControllerState first = state.With(edit, options.Limits);
        return first with { Map = first.Map with { Revision = 0 } };
    }

    /// <summary>The state after an edit.</summary>
    public ControllerState With(MapEdit edit, ControllerLimits limits)
    {
        if (!edit.IsChanged) return this;
        ShardMap map = edit.Build();
        if (!edit.IsConfigurationChanged) return this with { Map = map };
        ShardConfiguration configuration = edit.BuildConfiguration(map.Number);
        ImmutableList<ShardConfiguration> history = History.Add(configuration);
        long cells = HistoryCells + configuration.Cells;
        while (history.Count > 1 && (history.Count > limits.MaxConfigurations || cells > limits.MaxHistoryCells))
        {
            cells -= history[0].Cells;
            history = history.RemoveAt(0);
        }

        return this with { Map = map, History = history, HistoryCells = cells };
    }

    private static void Demand(ControllerResult result, ControllerOptions options)
    {
        if (result.Status != ControllerStatus.Ok) throw new ArgumentException(result.Describe(), nameof(options));
    }
}
