using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>transfer-leader GROUP NODE</c>: hands a group's leadership over.</summary>
internal sealed class TransferLeaderCommand : ClusterCommand
{
    private readonly Argument<string> _group = new("GROUP") { Description = "The group's name, such as g1." };
    private readonly Argument<string> _node = KeyValueArguments.Node();

    public TransferLeaderCommand(ClientContext context)
        : base(context, "transfer-leader", "Hand a group's leadership to another node's replica.", "", "transfer-leader g1 n2")
    {
        Add(_group);
        Add(_node);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        string group = parsed.GetRequiredValue(_group);
        string node = parsed.GetRequiredValue(_node);
        if (await cluster.TransferLeadershipAsync(group, node, cancellationToken) is { } problem)
            throw new ClientException($"{group} is not led by {node}: {problem}");
        if (Json(parsed))
        {
            Output.WriteJson(line =>
            {
                line.WriteString("group", group);
                line.WriteString("leader", node);
            });
        }
        else
        {
            Output.Out.WriteLine($"{node} leads {group}");
        }

        return ExitCode.Ok;
    }
}
