using Quorleans.MapReduce.Tasks;

namespace Quorleans.Hosting;

/// <summary>What the nodes of one process have in common when they run jobs.</summary>
/// <param name="options">How they take part.</param>
public sealed class MapReduceShare(MapReduceOptions options)
{
    /// <summary>How they take part.</summary>
    public MapReduceOptions Options { get; } = options;

    /// <summary>Their slots: three nodes on two processors shall not run six attempts.</summary>
    public SlotPool Slots { get; } = new(options.Slots);
}
