using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Map outputs cannot be had any more: those maps must run again.</summary>
internal sealed class MapOutputsLostException(string message, IReadOnlyList<MapOutput> lost, Exception? innerException = null) : Exception(message, innerException)
{
    public IReadOnlyList<MapOutput> Lost { get; } = lost;
}
