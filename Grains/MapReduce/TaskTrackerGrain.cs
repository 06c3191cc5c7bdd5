using Orleans.Dashboard;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Placement;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Grains.MapReduce;

/// <summary>The address of a node's tracker: hands every call to the node's <see cref="TrackerService"/>.</summary>
/// <param name="service">The tracker of this silo's node.</param>
/// <param name="homes">Where the nodes are.</param>
/// <param name="silo">This silo.</param>
[HomePlacement]
public sealed class TaskTrackerGrain(TrackerService service, HomeLocator homes, ILocalSiloDetails silo) : HomeGrain(homes, silo), ITaskTrackerGrain
{
    /// <inheritdoc/>
    [NoProfiling]
    public Task Poke()
    {
        service.Tracker.Poke();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<JobFrame> ReadLog(string job, string? task) =>
        new(await Task.Run(() => JobCodec.Encode(service.Tracker.ReadLogs(job, task).ToList())));

    /// <inheritdoc/>
    public Task<TaskTrackerStatus> GetState() => Task.FromResult(service.Describe());
}
