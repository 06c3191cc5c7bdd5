using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client.Tests.Fakes;

/// <summary>Takes down what it is asked for, says what it is told to say, and fails if it is told to.</summary>
internal sealed class FakeAdministrator : IGroupAdministrator
{
    public List<string> Calls { get; } = [];

    public List<MembershipProgress> Says { get; } = [];

    public MembershipException? Failure { get; set; }

    public ReplicaStatus Leader { get; set; } = new()
    {
        Group = "g1", Node = "n1", State = "Running", Role = "Leader", MemberId = 1, Term = 3, LastIndex = 41, ConfigurationIndex = 12,
        Members =
        [
            new MemberStatus { Id = 1, Node = "n1", NodeId = new Guid(1, 0, 0, new byte[8]), Kind = "Voter", IsActive = true, MatchIndex = 41, IsCaughtUp = true },
            new MemberStatus { Id = 2, Node = "n2", NodeId = new Guid(2, 0, 0, new byte[8]), Kind = "Voter", MatchIndex = 30 },
            new MemberStatus { Id = 4, Node = "n4", NodeId = new Guid(4, 0, 0, new byte[8]), Kind = "Learner", IsActive = true, MatchIndex = 0, SnapshotBytes = 2048 },
        ],
    };

    public Task<ReplicaStatus> GetMembersAsync(string group, CancellationToken cancellationToken = default) =>
        Failure is null ? Task.FromResult(Leader) : Task.FromException<ReplicaStatus>(Failure);

    public Task AddReplicaAsync(string group, string node, MembershipOptions? options = null, CancellationToken cancellationToken = default) =>
        Do($"add {group} {node}", options!);

    public Task RemoveReplicaAsync(string group, string node, MembershipOptions? options = null, CancellationToken cancellationToken = default) =>
        Do($"remove {group} {node}", options!);

    public Task ReplaceReplicaAsync(
        string group, string oldNode, string newNode, MembershipOptions? options = null, CancellationToken cancellationToken = default) =>
        Do($"replace {group} {oldNode} {newNode}", options!);

    private Task Do(string what, MembershipOptions options)
    {
        Calls.Add(options.Force ? $"{what} force" : what);
        foreach (MembershipProgress progress in Says) options.Progress!(progress);
        return Failure is null ? Task.CompletedTask : Task.FromException(Failure);
    }
}
