using Orleans.Dashboard;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Grains.Sharding;

/// <summary>See <see cref="IShardControllerGrain"/>.</summary>
/// <param name="link">The silo's line to the controller's group.</param>
public sealed class ShardControllerGrain(ControllerLink link) : Grain, IShardControllerGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Pause = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    [NoProfiling]
    public async Task<SubmitReply> Submit(SubmitRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        using CancellationTokenSource limit = new(Patience);
        while (true)
        {
            // A command carries its client's session or the ids that make it idempotent, so that it may be sent again.
            SubmitReply reply = await link.SendAsync(request.IsQuery, request.Payload, CancellationToken.None);
            bool again = reply.Status is SubmitStatus.NotLeader or SubmitStatus.Unavailable or SubmitStatus.Unknown or SubmitStatus.Busy;
            if (!again || limit.IsCancellationRequested) return reply;
            await Task.Delay(Pause);
        }
    }

    /// <inheritdoc/>
    public async Task<ShardControllerStatus> GetState()
    {
        if (await link.GetMapAsync(null, CancellationToken.None) is not { } seen) return new ShardControllerStatus { Problem = "The controller's group has no leader that can be reached." };
        ShardMap map = seen.Map;
        return new ShardControllerStatus
        {
            Number = map.Number,
            Groups = [.. map.Groups.Select(group =>
                $"{GroupNames.Of(group.Gid)} on {string.Join(", ", group.Nodes.Select(static node => node.Name))} ({group.Phase}): {map.Shards.Count(shard => shard.Owner == group.Gid)} shards")],
            Moves = [.. map.ToView().Moves.Select(static order => order.Move.ToString())],
        };
    }
}
