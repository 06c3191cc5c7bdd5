using System.CommandLine;
using System.Globalization;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary><c>query [N]</c>: a numbered configuration.</summary>
internal sealed class QueryCommand : ClusterCommand
{
    private readonly Argument<long?> _number = new("N") { Description = "The configuration's number [default: the newest].", Arity = ArgumentArity.ZeroOrOne };

    public QueryCommand(ClientContext context)
        : base(context, "query", "Show a configuration of the shard controller: which group shall own which shards.",
            "Exit status 3 when it is too old to be kept.", "query", "query 3 --json") => Add(_number);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => ShardingCommand.ExplainAsync(async () =>
    {
        ConfigurationAnswer answer = await cluster.Shards.QueryAsync(parsed.GetValue(_number) ?? ConfigurationQuery.Newest, cancellationToken);
        if (answer.Configuration is not { } configuration)
            throw new ClientException(string.Create(CultureInfo.InvariantCulture, $"that configuration is too old; the oldest that is kept has number {answer.First}")) { ExitCode = ExitCode.NotMet };
        if (Json(parsed)) WriteJson(configuration);
        else Write(configuration);
        return ExitCode.Ok;
    });

    private void Write(ShardConfiguration configuration)
    {
        Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"configuration {configuration.Number}"));
        foreach (ConfigurationGroup group in configuration.Groups)
        {
            IEnumerable<int> shards = configuration.Shards.Index().Where(shard => shard.Item == group.Gid).Select(static shard => shard.Index);
            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{GroupNames.Of(group.Gid)} on {string.Join(", ", group.Nodes)}: shards {string.Join(" ", shards)}"));
        }
    }

    private void WriteJson(ShardConfiguration configuration) => Output.WriteJson(line =>
    {
        line.WriteNumber("number", configuration.Number);
        line.WriteStartArray("shards");
        foreach (int gid in configuration.Shards) line.WriteNumberValue(gid);
        line.WriteEndArray();
        line.WriteStartObject("groups");
        foreach (ConfigurationGroup group in configuration.Groups)
        {
            line.WriteStartArray(string.Create(CultureInfo.InvariantCulture, $"{group.Gid}"));
            foreach (string node in group.Nodes) line.WriteStringValue(node);
            line.WriteEndArray();
        }

        line.WriteEndObject();
    });
}
