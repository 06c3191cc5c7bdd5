using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>The way from a tracker to the coordinator of jobs.</summary>
public interface ICoordinatorLink
{
    /// <summary>Sends a heartbeat and waits for the answer. May fail in any way; then nothing of an answer is to be acted upon.</summary>
    Task<TrackerOrders> HeartbeatAsync(TrackerReport report, CancellationToken cancellation);
}
