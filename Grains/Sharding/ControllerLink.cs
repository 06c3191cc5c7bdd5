using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;

namespace Quorleans.Grains.Sharding;

/// <summary>A node's line to the shard controller's group.</summary>
/// <param name="caller">Carries the calls.</param>
/// <param name="nodes">The nodes that the group may be on.</param>
public sealed class ControllerLink(GroupCaller caller, Func<IReadOnlyList<string>> nodes)
{
    /// <summary>Asks for what is newer than a map.</summary>
    /// <param name="known">The map that is known, or null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The newest map, which may be <paramref name="known"/>, with the controller's log time; null when the controller did not answer.</returns>
    public async Task<(ShardMap Map, long TimeMs)?> GetMapAsync(ShardMap? known, CancellationToken cancellationToken)
    {
        SubmitReply reply = await SendAsync(isQuery: true, NodeReconciler.Question(known), cancellationToken).ConfigureAwait(false);
        return reply.Status == SubmitStatus.Ok && NodeReconciler.Read(reply.Result.Span, known) is { } newest ? (newest, reply.LogTimeMs) : null;
    }

    /// <summary>Tells the controller something that is idempotent by the ids in it.</summary>
    /// <param name="report">The report.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it came in; that it was old news counts.</returns>
    public async Task<bool> ReportAsync(ControllerCommand report, CancellationToken cancellationToken) =>
        (await SendAsync(isQuery: false, ControllerCodec.Encode(report), cancellationToken).ConfigureAwait(false)).Status == SubmitStatus.Ok;

    /// <summary>Carries a command or a query.</summary>
    public Task<SubmitReply> SendAsync(bool isQuery, byte[] payload, CancellationToken cancellationToken) =>
        caller.CallAsync(GroupNames.Controller, nodes(), new SubmitRequest(0, isQuery, payload), cancellationToken);
}
