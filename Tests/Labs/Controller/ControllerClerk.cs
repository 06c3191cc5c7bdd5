using Quorleans.KeyValue;
using Quorleans.Simulation;

namespace Quorleans.Labs.Controller;

/// <summary>Lab 4A's Clerk: one call at a time, each tried until it is answered.</summary>
/// <param name="requester">The client process.</param>
/// <param name="id">Its number.</param>
/// <param name="servers">The servers of a group; null for names of servers that nobody runs.</param>
internal sealed class ControllerClerk(SimulatedRequester requester, int id, Func<int, string[]>? servers = null)
{
    private long _sequence;

    internal static string[] ServersOf(int gid) => [$"s{gid}c", $"s{gid}a", $"s{gid}b"];

    internal Task<long> Join(params int[] gids) => Command(ControllerCommand.Join([.. gids.Select(gid => new JoiningGroup(gid, [.. (servers ?? ServersOf)(gid)]))]));

    internal Task<long> Leave(params int[] gids) => Command(ControllerCommand.Leave(gids));

    internal Task<long> Move(int shard, int gid) => Command(new MoveCommand(new ShardId(shard), gid));

    /// <summary>A configuration; the newest for -1.</summary>
    internal async Task<ShardConfiguration> Query(long number = ConfigurationQuery.Newest)
    {
        ReadOnlyMemory<byte> bytes = await Send(isQuery: true, ControllerCodec.Encode(new ConfigurationQuery(number)));
        LabRun.Require(!ControllerCodec.TryRead(bytes.Span, out ControllerAnswer? answer).IsError, "The answer is malformed.");
        return ((ConfigurationAnswer)answer!).Configuration ?? throw new LabFailureException($"Configuration {number} is compacted.");
    }

    private async Task<long> Command(ControllerCommand command)
    {
        var session = new CommandSession(new ClientId((UInt128)id), ++_sequence, _sequence - 1);
        ReadOnlyMemory<byte> bytes = await Send(isQuery: false, ControllerCodec.Encode(session, command));
        LabRun.Require(!ControllerCodec.TryRead(bytes.Span, out ControllerResult result).IsError, "The result is malformed.");
        LabRun.Require(result.Status == ControllerStatus.Ok, $"{command}: {result.Describe()}");
        return result.Number;
    }

    private Task<ReadOnlyMemory<byte>> Send(bool isQuery, byte[] payload)
    {
        TaskCompletionSource<ReadOnlyMemory<byte>> over = new();
        requester.Send(isQuery, payload, over.SetResult);
        return over.Task;
    }
}
