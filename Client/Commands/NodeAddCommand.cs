using System.CommandLine;
using System.Net;
using Quorleans.Hosting;

namespace Quorleans.Client.Commands;

/// <summary><c>node add NODE</c>: describes a new machine to a running cluster of processes.</summary>
internal sealed class NodeAddCommand : ClientCommand
{
    private readonly Argument<string> _node = new("NODE") { Description = "The new node's name, such as n4; one that no node of this cluster ever had." };
    private readonly Option<string> _address = new("--address")
    {
        Description = "The IP address that it listens on and that the others reach it by.", HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1",
    };

    private readonly Option<int> _silo = Port("--silo", "Its TCP port for other silos."), _gateway = Port("--gateway", "Its TCP port for clients."),
        _http = Port("--http-port", "Its TCP port for pages: dashboard, health, administration."), _peer = Port("--peer", "Its TCP port where nodes reach each other before there are silos.");

    public NodeAddCommand(ClientContext context)
        : base(context, "add", "Describe a new machine to a running cluster of processes.",
            "Every node and client finds it from then on; their configuration files may stay as they are. Then start it on its machine, with the same file: Silo --config FILE --node NODE. It fetches from the cluster "
            + "what it needs, joins, and hosts nothing yet: add-replica, replace-replica, join and node drain give it replicas, add-replica members lets it keep the membership table, too. "
            + "The same command again does nothing. Exit status 1 when the name or a port is in use, or nobody answers for the cluster.",
            "node add n4 --silo 11124 --gateway 30024 --http-port 8084 --peer 8094 --config cluster.json",
            "node add n4 --address 10.0.0.4 --silo 11111 --gateway 30001 --http-port 8081 --peer 8091 --config cluster.json")
    {
        Add(_node);
        foreach (Option option in (Option[])[_address, _silo, _gateway, _http, _peer]) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string name = parsed.GetRequiredValue(_node), config = NodeRegistryCommands.RequireConfig(Context, parsed, "node add");
        if (!IPAddress.TryParse(parsed.GetRequiredValue(_address), out IPAddress? address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            throw ClientException.Usage($"--address is '{parsed.GetValue(_address)}'; it must be the IP address by which the others reach the node, such as 192.168.1.10");
        ConfiguredNode node = ConfiguredNode.Describe(name, address, parsed.GetRequiredValue(_silo), parsed.GetRequiredValue(_gateway), parsed.GetRequiredValue(_http), parsed.GetRequiredValue(_peer));
        await NodeRegistryCommands.ExplainAsync(Context, parsed, config, registry => registry.AddAsync(node, cancellationToken));
        if (Json(parsed))
        {
            Output.WriteJson(line =>
            {
                line.WriteString("node", name);
                line.WriteString("state", "Added");
            });
        }
        else
        {
            Output.Out.WriteLine($"{name} is a node of the cluster. Start it on its machine: Silo --config {config} --node {name}");
        }

        return ExitCode.Ok;
    }

    private static Option<int> Port(string name, string description)
    {
        Option<int> port = new(name) { Description = description, HelpName = "PORT", Required = true };
        port.InRange(1, IPEndPoint.MaxPort);
        return port;
    }
}
