using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Grains.MapReduce;

/// <summary>A tracker's heartbeats as grain calls. Each also brings the coordinator to life where there is none.</summary>
/// <param name="grains">Finds it.</param>
internal sealed class CoordinatorLink(IGrainFactory grains) : ICoordinatorLink
{
    /// <inheritdoc/>
    public async Task<TrackerOrders> HeartbeatAsync(TrackerReport report, CancellationToken cancellation)
    {
        JobFrame answer = await grains.GetGrain<IJobCoordinatorGrain>(IJobCoordinatorGrain.Key).Heartbeat(new JobFrame(JobCodec.Encode(report))).ConfigureAwait(false);
        return JobCodec.Decode<TrackerOrders>(answer.Bytes);
    }
}
