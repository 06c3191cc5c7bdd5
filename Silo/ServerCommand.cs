using System.CommandLine;
using System.Globalization;

namespace Quorleans.Silo;

/// <summary>The command line of the silo executable.</summary>
internal static class ServerCommand
{
    private static readonly Option<string?> Config = new("--config") { Description = "Be one node of the cluster that this file describes, instead of an embedded cluster", HelpName = "FILE" };
    private static readonly Option<string?> Node = new("--node") { Description = "Which node of that cluster", HelpName = "NAME" };
    private static readonly Option<int?> Nodes = Number("--nodes", "Nodes of the embedded cluster, 1 to 9; may grow later [default: as the data directory has, or 3]", "N");
    private static readonly Option<int?> Replicas = Number("--replicas", "On how many of the nodes a new cluster begins [default: 3]", "N");
    private static readonly Option<string?> Data = new("--data") { Description = "Data directory [default: ./data]", HelpName = "DIR" };
    private static readonly Option<int?> Http = Number("--http", "HTTP port on loopback: dashboard, health, metrics, administration [default: 8080]", "PORT");
    private static readonly Option<int?> GatewayPort = Number("--gateway-port", "First node's port for clients; the next nodes' follow [default: 30001]", "PORT");
    private static readonly Option<int?> SiloPort = Number("--silo-port", "First node's port for other silos; the next nodes' follow [default: 11111]", "PORT");
    private static readonly Option<bool> NoDashboard = new("--no-dashboard") { Description = "Leave out the Orleans dashboard" };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Log more than warnings" };

    private static Option<int?> Number(string name, string description, string helpName) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = argument =>
        {
            if (int.TryParse(argument.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return number;
            argument.AddError($"{name} takes a number, not '{argument.Tokens[0].Value}'.");
            return null;
        },
    };

    /// <summary>Reads the arguments and runs, or says what is wrong with them.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="run">What to run, with what to change of the configuration's options, until its token is cancelled.</param>
    /// <returns>The exit status: 2 for wrong arguments, otherwise that of <paramref name="run"/>.</returns>
    public static async Task<int> InvokeAsync(string[] args, Func<Func<ServerOptions, ServerOptions>, CancellationToken, Task<int>> run)
    {
        var root = new RootCommand("Quorleans: a replicated key/value store in an embedded Orleans cluster, or one node of a cluster of processes.\n\n" + ExitStatus.Explanation)
        {
            Config, Node, Nodes, Replicas, Data, Http, GatewayPort, SiloPort, NoDashboard, Verbose,
        };
        root.Validators.Add(static result =>
        {
            foreach (Option option in (Option[])[Nodes, Replicas, Data, Http, GatewayPort, SiloPort])
                if (result.GetResult(Config) is not null && result.GetResult(option) is not null)
                    result.AddError($"{option.Name} belongs to an embedded cluster; with --config the file says it.");
        });
        root.SetAction((parsed, stop) => run(options => options with
        {
            Config = parsed.GetValue(Config) ?? options.Config,
            Node = parsed.GetValue(Node) ?? options.Node,
            Nodes = parsed.GetValue(Nodes) ?? options.Nodes,
            Replicas = parsed.GetValue(Replicas) ?? options.Replicas,
            Data = parsed.GetValue(Data) ?? options.Data,
            Http = parsed.GetValue(Http) ?? options.Http,
            GatewayPort = parsed.GetValue(GatewayPort) ?? options.GatewayPort,
            SiloPort = parsed.GetValue(SiloPort) ?? options.SiloPort,
            Dashboard = options.Dashboard && !parsed.GetValue(NoDashboard),
            Verbose = options.Verbose || parsed.GetValue(Verbose),
        }, stop));
        ParseResult result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"quorleans: {result.Errors[0].Message} Try --help.");
            return ExitStatus.Usage;
        }

        // SIGINT and SIGTERM cancel the action's token; an exception that gets this far is a bug and shall show its stack.
        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Server.Patience + TimeSpan.FromSeconds(5), EnableDefaultExceptionHandler = false });
    }
}
