using System.CommandLine;
using System.CommandLine.Help;
using Quorleans.Client.Commands;
using Quorleans.Client.Demo;
using Quorleans.Client.Interactive;

namespace Quorleans.Client;

/// <summary>The program: one command tree for the shell's command line and for the console's lines.</summary>
internal sealed class ClientApplication
{
    // Values may begin with '@', '-' or anything else: nothing in them is expanded or taken apart.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    private readonly ClientContext _context;
    private readonly RootCommand _root;

    public ClientApplication(ClientContext context)
    {
        _context = context;
        GlobalOptions options = context.Options;
        _root = new RootCommand(
            "Quorleans' console: a linearizable, replicated key/value store on Orleans. Without a command it reads commands from the "
            + "terminal, or line by line from a pipe.\n\n"
            + "Exit status: 0 done, 1 an error, 2 wrong usage, 3 not found or compare failed.")
        {
            options.Gateway, options.Http, options.Config, options.Json, options.Timeout,
            new PutCommand(context), new AppendCommand(context), new GetCommand(context), new DelCommand(context),
            new CasCommand(context), new TxnCommand(context), new ScanCommand(context), new StatusCommand(context), new TransferLeaderCommand(context),
            new MembersCommand(context), new AddReplicaCommand(context), new RemoveReplicaCommand(context), new ReplaceReplicaCommand(context),
            new ShardsCommand(context), new GroupsCommand(context), new JoinGroupCommand(context), new LeaveGroupCommand(context), new MoveShardCommand(context),
            new QueryCommand(context), new RebalanceShardsCommand(context),
            new NodesCommand(context), new NodeCommand(context), new DemoCommand(context), new WorkloadCommand(context), new CheckHistoryCommand(context),
            new BenchCommand(context), new MapReduceCommand(context),
        };

        // The library's own option also answers to /h and /?, which are fine values.
        _root.Options.Remove(_root.Options.OfType<HelpOption>().Single());
        _root.Options.Add(new HelpOption("--help", "-h") { Recursive = true, Action = new HelpWithExamples(Math.Min(120, context.Output.Ansi.Profile.Width)) });
        _root.Directives.Clear();

        // Never invoked: a command line without a command means the console.
        _root.SetAction(_ => ExitCode.Ok);
    }

    /// <summary>The names of the commands, for the console's completion and help.</summary>
    public IEnumerable<Command> Commands => _root.Subcommands;

    /// <summary>Runs the program with the arguments of this process.</summary>
    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        using ClientOutput output = ClientOutput.OfProcess();
        await using SharedConnector connector = new(new OrleansConnector());
        ClientContext context = new()
        {
            Output = output,
            Connector = connector,
            NodeAdmin = endpoint => new HttpNodeAdmin(endpoint),
            DemoCluster = () => new EmbeddedDemoCluster(),
        };
        using Interrupts interrupts = Interrupts.OfProcess();
        ClientApplication application = new(context);
        return await FailureReport.GuardAsync(output, writes: false, () =>
        {
            ShellArguments.CheckUtf8(args, ShellArguments.ReadProcessCommandLine);
            return application.RunAsync(args, interrupts);
        });
    }

    /// <summary>Runs a command line of the shell; without a command, the console.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> args, Interrupts interrupts)
    {
        ParseResult parsed = _root.Parse(args, Parsing);
        if (!MeansConsole(parsed)) return await InvokeAsync(parsed, interrupts);

        _context.Options.TakeDefaults(parsed);
        CommandConsole console = new(_context, this, interrupts);
        return Console.IsInputRedirected
            ? await console.RunScriptAsync(Console.OpenStandardInput())
            : await console.RunTerminalAsync();
    }

    /// <summary>Runs one command; there is no console within the console.</summary>
    public Task<int> RunCommandAsync(IReadOnlyList<string> words, Interrupts interrupts)
    {
        ParseResult parsed = _root.Parse(words, Parsing);
        return InvokeAsync(MeansConsole(parsed) ? _root.Parse(["--help"], Parsing) : parsed, interrupts);
    }

    // Options alone; --help and --version have actions of their own.
    private bool MeansConsole(ParseResult parsed) => parsed.Errors.Count == 0 && parsed.Action == _root.Action;

    private async Task<int> InvokeAsync(ParseResult parsed, Interrupts interrupts)
    {
        ClientOutput output = _context.Output;
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            output.WriteError(parsed.CommandResult.Command == _root && parsed.UnmatchedTokens.Count > 0
                ? $"there is no command '{parsed.UnmatchedTokens[0]}' (see: --help)"
                : $"{parsed.Errors[0].Message.TrimEnd('.')} (see: {CommandPath(parsed)}--help)");
            return ExitCode.Usage;
        }

        using Interrupts.Scope scope = interrupts.Begin();
        int status = await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = output.Out,
                Error = output.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            },
            scope.Token);
        return status;
    }

    private static string CommandPath(ParseResult parsed)
    {
        List<string> names = [];
        for (System.CommandLine.Parsing.SymbolResult? result = parsed.CommandResult; result is not null; result = result.Parent)
        {
            if (result is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } command) names.Insert(0, command.Command.Name);
        }

        return string.Concat(names.Select(name => name + " "));
    }
}
