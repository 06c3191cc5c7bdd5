using System.CommandLine;
using System.Globalization;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary>A command of the shard controller that makes shards move, and shows how far that is.</summary>
internal abstract class ShardingCommand : ClusterCommand
{
    private const string Common = "The shards move one after the other, and each is served while it moves. Cut off, the command leaves them moving; see shards.";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly Option<bool> _noWait = new("--no-wait") { Description = "Do not wait until the shards have moved." };

    protected ShardingCommand(ClientContext context, string name, string description, string details, params string[] examples)
        : base(context, name, description, $"{details} {Common}".Trim(), examples) => Add(_noWait);

    /// <inheritdoc/>
    protected override bool Writes => true;

    /// <summary>A group's number from what a person writes: 2 or g2.</summary>
    internal static int Gid(string text) =>
        GroupNames.TryParse(text.StartsWith('g') ? text : $"g{text}", out int gid)
            ? gid
            : throw ClientException.Usage($"'{text}' is no group; a group has a number from 1 on, such as 2 or g2");

    /// <summary>Makes one line of a refusal.</summary>
    internal static async Task<T> ExplainAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (ShardControllerException e)
        {
            throw new ClientException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    protected sealed override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => ExplainAsync(async () =>
    {
        ControllerResult result = await CommandAsync(parsed, cluster.Shards, cancellationToken);
        if (!parsed.GetValue(_noWait)) await WaitAsync(cluster.Shards, Json(parsed), cancellationToken);
        if (Json(parsed)) Output.WriteJson(line => line.WriteNumber("configuration", result.Number));
        else Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok, configuration {result.Number}"));
        return ExitCode.Ok;
    });

    /// <summary>Does it.</summary>
    protected abstract Task<ControllerResult> CommandAsync(ParseResult parsed, IShardController controller, CancellationToken cancellationToken);

    private async Task WaitAsync(IShardController controller, bool json, CancellationToken cancellationToken)
    {
        int first = -1, said = -1;
        while (true)
        {
            ShardMap map = await controller.GetMapAsync(cancellationToken);
            int left = map.Shards.Count(static shard => shard.IsMoving || (shard.Target != 0 && shard.Target != shard.Owner));
            if (first < 0) first = left;
            if (left != said && first > 0 && !json) Output.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{first - left} of {first} shards have moved"));
            said = left;
            if (left == 0) return;
            await Task.Delay(Look, Context.Time, cancellationToken);
        }
    }
}
