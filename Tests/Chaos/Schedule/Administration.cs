using System.Collections.Immutable;
using Quorleans.Clerk;
using Quorleans.Client;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Chaos;

/// <summary>What an operator does meanwhile: hands leaderships over, lets groups join and leave, moves shards, changes members. Refusals are part of it.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="nodes">Its nodes.</param>
/// <param name="log">Is told.</param>
internal sealed class Administration(ICluster cluster, IReadOnlyList<string> nodes, Log log)
{
    private const int Replicas = 3;
    private static readonly int[] MoreGroups = [2, 3];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    /// <summary>Carries out a step.</summary>
    /// <returns>Whether it was done.</returns>
    public async Task<bool> DoAsync(Step step, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        string what = "";
        try
        {
            what = step.Kind switch
            {
                FaultKind.Transfer => await TransferAsync(step, limit.Token),
                FaultKind.Shards => await MoveAsync(step, limit.Token),
                FaultKind.Members => await ChangeAsync(step, limit.Token),
                _ => throw new ArgumentOutOfRangeException(nameof(step)),
            };
            log.Say($"{what}");
            return true;
        }
        catch (Exception e) when (e is ShardControllerException or MembershipException or ClientException or TimeoutException or OperationCanceledException or OrleansException)
        {
            if (!stop.IsCancellationRequested) log.Say($"not done: {step.Kind.ToString().ToLowerInvariant()}: {(e is OperationCanceledException ? $"no end within {Limit.TotalSeconds} s" : e.Message.Split('\n')[0])}");
            return false;
        }
    }

    /// <summary>The node that leads some group; null when nobody says so.</summary>
    public async Task<string?> FindLeaderAsync(int choice, CancellationToken stop)
    {
        try
        {
            ReplicaReport[] leaders = [.. (await cluster.GetReplicasAsync(stop)).Where(static replica => replica.Status is { Role: "Leader", State: "Running" })];
            return leaders.Length == 0 ? null : leaders[choice % leaders.Length].Node;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or OrleansException)
        {
            return null;
        }
    }

    private async Task<string> TransferAsync(Step step, CancellationToken cancellationToken)
    {
        ReplicaReport[] followers = [.. (await cluster.GetReplicasAsync(cancellationToken)).Where(static replica => replica.Status is { Role: "Follower", State: "Running" })];
        if (followers.Length == 0) throw new ClientException("nobody follows");
        ReplicaReport to = followers[step.First % followers.Length];
        if (await cluster.TransferLeadershipAsync(to.Group, to.Node, cancellationToken) is { } problem) throw new ClientException(problem);
        return $"{to.Node} leads {to.Group} now";
    }

    private async Task<string> MoveAsync(Step step, CancellationToken cancellationToken)
    {
        ShardMap map = await cluster.Shards.GetMapAsync(cancellationToken);
        int gid = MoreGroups[step.First % MoreGroups.Length];
        bool isThere = map.Groups.Any(group => group.Gid == gid);
        if (!isThere)
        {
            ImmutableArray<string> home = [.. Enumerable.Range(0, Replicas).Select(i => nodes[(step.Second + i) % nodes.Count])];
            await cluster.Shards.JoinAsync([new JoiningGroup(gid, home)], cancellationToken);
            return $"g{gid} joins, on {string.Join(", ", home)}";
        }

        if (step.Second % 3 == 0)
        {
            await cluster.Shards.LeaveAsync([gid], cancellationToken);
            return $"g{gid} leaves";
        }

        int to = map.Groups[step.Third % map.Groups.Length].Gid;
        ShardId shard = new(step.Second % map.Shards.Length);
        await cluster.Shards.MoveAsync(shard, to, cancellationToken);
        return FormattableString.Invariant($"shard {shard.Value} moves to g{to}");
    }

    private async Task<string> ChangeAsync(Step step, CancellationToken cancellationToken)
    {
        ShardMap map = await cluster.Shards.GetMapAsync(cancellationToken);
        string[] groups = [GroupNames.Members, GroupNames.Controller, .. map.Groups.Select(static group => GroupNames.Of(group.Gid))];
        string group = groups[step.First % groups.Length];
        MembershipOptions options = new() { Patience = Patience };
        ReplicaStatus leader = await cluster.Members.GetMembersAsync(group, cancellationToken);
        string[] voters = [.. leader.Members.Where(static member => member.Kind == "Voter").Select(static member => member.Node).Order(StringComparer.Ordinal)];
        string[] others = [.. nodes.Except(leader.Members.Select(static member => member.Node)).Order(StringComparer.Ordinal)];
        string old = voters[step.Second % voters.Length];
        if (voters.Length < Replicas || (others.Length > 0 && voters.Length == Replicas && step.Third % 3 == 0))
        {
            // A learner that a change before this one has left is taken up again.
            string added = leader.Members.Where(static member => member.Kind == "Learner").Select(static member => member.Node).Concat(others).FirstOrDefault() ?? throw new ClientException($"every node has a replica of {group}");
            await cluster.Members.AddReplicaAsync(group, added, options, cancellationToken);
            return $"{group} has a replica more, on {added}";
        }

        if (voters.Length > Replicas || others.Length == 0)
        {
            await cluster.Members.RemoveReplicaAsync(group, old, options, cancellationToken);
            return $"{group} has a replica less, on {old}";
        }

        string next = others[step.Third % others.Length];
        await cluster.Members.ReplaceReplicaAsync(group, old, next, options, cancellationToken);
        return $"{group} has a replica on {next} in place of that on {old}";
    }
}
