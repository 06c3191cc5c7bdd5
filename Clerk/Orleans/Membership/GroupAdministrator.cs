using Quorleans.GrainInterfaces;

namespace Quorleans.Clerk;

/// <summary>Changes a group's members through the grains of its replicas. Safe for any number of callers: each change names the configuration it was computed from.</summary>
/// <param name="grains">A connected Orleans client, or a silo's grain factory.</param>
/// <param name="nodes">Nodes to ask first for the group's leader; more are learnt from the answers.</param>
/// <param name="time">For pauses; null for the system's.</param>
/// <param name="gateways">Connections to single nodes, if the client has some: other ways when one is silent.</param>
public sealed class GroupAdministrator(IGrainFactory grains, IReadOnlyList<string> nodes, TimeProvider? time = null, INodeGateways? gateways = null) : IGroupAdministrator
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StateTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromSeconds(10);
    private const int RefusalsBelieved = 5;
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly HedgedCalls _calls = new(grains, gateways, time);

    /// <inheritdoc/>
    public async Task<ReplicaStatus> GetMembersAsync(string group, CancellationToken cancellationToken = default)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            (ReplicaStatus? leader, string seen) = await FindLeaderAsync(group, [], cancellationToken).ConfigureAwait(false);
            if (leader is not null) return leader;
            if (_time.GetElapsedTime(start) > TimeSpan.FromSeconds(5)) throw new MembershipException($"{group} has no leader now: {seen}. Bring a majority of its nodes up.");
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task AddReplicaAsync(string group, string node, MembershipOptions? options = null, CancellationToken cancellationToken = default) =>
        ReachAsync(group, comes: node, goes: null, options ?? new MembershipOptions(), cancellationToken);

    /// <inheritdoc/>
    public Task RemoveReplicaAsync(string group, string node, MembershipOptions? options = null, CancellationToken cancellationToken = default) =>
        ReachAsync(group, comes: null, goes: node, options ?? new MembershipOptions(), cancellationToken);

    /// <inheritdoc/>
    public Task ReplaceReplicaAsync(string group, string oldNode, string newNode, MembershipOptions? options = null, CancellationToken cancellationToken = default) =>
        ReachAsync(group, comes: newNode, goes: oldNode, options ?? new MembershipOptions(), cancellationToken);

    private async Task ReachAsync(string group, string? comes, string? goes, MembershipOptions options, CancellationToken cancellationToken)
    {
        Guid disk = comes is null ? Guid.Empty : await FindDiskAsync(group, comes, cancellationToken).ConfigureAwait(false);
        MembershipGoal goal = new(group, comes, disk, goes);
        long moved = _time.GetTimestamp();
        (long, long, long) last = default;
        int refusals = 0;
        while (true)
        {
            (ReplicaStatus? leader, string seen) = await FindLeaderAsync(group, [comes, goes], cancellationToken).ConfigureAwait(false);
            MembershipMove next = leader is null ? MembershipMove.Wait($"{group} has no leader now: {seen}") : goal.Next(leader, options.Force);
            options.Progress?.Invoke(next.Progress);
            if (next.Progress.Step == MembershipStep.Done) return;
            if (next.Request is { } request && leader is not null)
            {
                MembershipReply? reply = await ChangeAsync(leader, request, cancellationToken).ConfigureAwait(false);
                // A leader that has just begun has not heard from everybody yet: it is asked again before it is believed.
                refusals = reply?.Status == MembershipStatus.NoQuorum ? refusals + 1 : 0;
                if (reply is { Status: MembershipStatus.Invalid } || refusals >= RefusalsBelieved)
                    throw new MembershipException(reply!.Error ?? reply.Status.ToString()) { CanBeForced = reply.Status == MembershipStatus.NoQuorum };
                if (reply is { Status: MembershipStatus.Done, Error: { } warning }) options.Progress?.Invoke(new MembershipProgress(MembershipStep.Warning, warning));
                if (reply is { Status: MembershipStatus.Done })
                {
                    moved = _time.GetTimestamp();
                    continue; // its effect is in the leader's state already
                }
            }

            var now = (next.Progress.Match, next.Progress.SnapshotBytes, leader?.ConfigurationIndex ?? 0);
            if (now != last) (last, moved) = (now, _time.GetTimestamp());
            if (_time.GetElapsedTime(moved) > options.Patience)
            {
                throw new MembershipException(
                    $"Nothing has moved for {options.Patience.TotalSeconds:0} s: {next.Progress.Text}. What was done so far stays; the same command goes on from there"
                    + (comes is null ? "." : $", and remove-replica {group} {comes} takes it back."));
            }

            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Guid> FindDiskAsync(string group, string node, CancellationToken cancellationToken)
    {
        ReplicaStatus? status = await AskAsync(group, node, cancellationToken).ConfigureAwait(false);
        if (status is null) throw new MembershipException($"Node {node} is not up, or there is no such node. Start it first: a replica that is not there cannot catch up.");
        if (status.State == "Corrupt") throw new MembershipException($"Node {node} cannot take a replica: {status.Detail}");
        return status.NodeId;
    }

    private async Task<MembershipReply?> ChangeAsync(ReplicaStatus leader, MembershipRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.CallAsync(
                leader.Node, way => Replica(way, leader.Group, leader.Node).ChangeMembership(request), HedgedCalls.ChangeSilence, ChangeTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not OutOfMemoryException)
        {
            return null; // whether it was begun shows in the leader's state
        }
    }

    private async Task<(ReplicaStatus? Leader, string Seen)> FindLeaderAsync(string group, string?[] more, CancellationToken cancellationToken)
    {
        SortedDictionary<string, ReplicaStatus?> known = new(StringComparer.Ordinal);
        List<string> asking = [.. nodes, .. more.OfType<string>()];
        while (asking.Count > 0)
        {
            string[] batch = [.. asking.Distinct().Where(node => !known.ContainsKey(node))];
            ReplicaStatus?[] answers = await Task.WhenAll(batch.Select(node => AskAsync(group, node, cancellationToken))).ConfigureAwait(false);
            for (int i = 0; i < batch.Length; i++) known[batch[i]] = answers[i];
            if (known.Values.Where(static status => status is { Role: "Leader", State: "Running" or "DiskFull" }).MaxBy(static status => status!.Term) is { } leader) return (leader, "");
            asking = [.. answers.SelectMany(static status => status is null ? [] : status.Members.Select(static member => member.Node).Append(status.Leader ?? "")).Where(node => node.Length > 0 && !known.ContainsKey(node))];
        }

        return (null, string.Join(", ", known.Select(static pair => $"{pair.Key} {(pair.Value is null ? "does not answer" : pair.Value.Role.Length > 0 ? pair.Value.Role.ToLowerInvariant() : pair.Value.State)}")));
    }

    private async Task<ReplicaStatus?> AskAsync(string group, string node, CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.CallAsync(node, way => Replica(way, group, node).GetState(), HedgedCalls.QuestionSilence, StateTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not OutOfMemoryException)
        {
            return null;
        }
    }

    private static IRaftReplicaGrain Replica(IGrainFactory way, string group, string node) => way.GetGrain<IRaftReplicaGrain>($"{group}/{node}");
}
