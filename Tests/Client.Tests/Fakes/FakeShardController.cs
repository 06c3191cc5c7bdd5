using System.Collections.Immutable;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Tests.Fakes;

internal sealed class FakeShardController : IShardController
{
    public List<ControllerCommand> Commands { get; } = [];

    public Queue<ShardMap> Maps { get; } = [];

    public ShardControllerException? Refusal { get; set; }

    public ConfigurationAnswer Configuration { get; set; } = new(0, null);

    public PlanAnswer Plan { get; set; } = new(new ControllerResult(ControllerStatus.Ok, 1), []);

    public Task<ControllerResult> JoinAsync(ImmutableArray<JoiningGroup> groups, CancellationToken cancellationToken = default) => Do(ControllerCommand.Join(groups.AsSpan()));

    public Task<ControllerResult> LeaveAsync(ImmutableArray<int> gids, CancellationToken cancellationToken = default) => Do(ControllerCommand.Leave(gids.AsSpan()));

    public Task<ControllerResult> MoveAsync(ShardId shard, int gid, CancellationToken cancellationToken = default) => Do(new MoveCommand(shard, gid));

    public Task<ControllerResult> RebalanceAsync(CancellationToken cancellationToken = default) => Do(new RebalanceCommand());

    public Task<ConfigurationAnswer> QueryAsync(long number = -1, CancellationToken cancellationToken = default) => Task.FromResult(Configuration);

    public Task<ShardMap> GetMapAsync(CancellationToken cancellationToken = default) => Task.FromResult(Maps.Count > 1 ? Maps.Dequeue() : Maps.Peek());

    public Task<PlanAnswer> PlanAsync(ControllerCommand command, CancellationToken cancellationToken = default) => Task.FromResult(Plan);

    private Task<ControllerResult> Do(ControllerCommand command)
    {
        if (Refusal is { } refusal) return Task.FromException<ControllerResult>(refusal);
        Commands.Add(command);
        return Task.FromResult(new ControllerResult(ControllerStatus.Ok, 7));
    }
}
