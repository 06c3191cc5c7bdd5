using System.CommandLine;
using System.CommandLine.Parsing;
using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    /// <summary>The gateways of the embedded cluster.</summary>
    public const string DefaultGateways = "127.0.0.1:30001,127.0.0.1:30002,127.0.0.1:30003";

    /// <summary>Where the embedded cluster's process answers node commands.</summary>
    public const string DefaultHttp = "127.0.0.1:8080";

    public Option<string> Gateway { get; } = new("--gateway")
    {
        Description = "The cluster's gateways; one that answers is enough.",
        HelpName = "HOST:PORT[,...]",
        DefaultValueFactory = _ => DefaultGateways,
        Recursive = true,
    };

    public Option<string> Http { get; } = new("--http")
    {
        Description = "Where the cluster's process serves HTTP, for node commands.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => DefaultHttp,
        Recursive = true,
    };

    public Option<string?> Config { get; } = new("--config")
    {
        Description = "The configuration file of a cluster of processes; it says where all its nodes are.",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON object a line.",
        Recursive = true,
    };

    public Option<double> Timeout { get; } = new("--timeout")
    {
        Description = "The deadline of each operation in seconds, 0.05 to 3600.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 10,
        Recursive = true,
    };

    public GlobalOptions()
    {
        Gateway.Validators.Add(result => Check(result, text => Endpoint.TryParseList(text, out _, out string? problem) ? null : problem));
        Http.Validators.Add(result => Check(result, text => Endpoint.TryParse(text, out _, out string? problem) ? null : problem));
        Timeout.InRange(0.05, 3600);
        foreach (Option<string> option in (Option<string>[])[Gateway, Http])
            option.Validators.Add(result =>
            {
                if (!result.Implicit && result.GetResult(Config) is { Implicit: false }) result.AddError($"{option.Name}: with --config the file says where the nodes are.");
            });
    }

    /// <summary>Makes the options of a command line the defaults of the lines that follow, for the console.</summary>
    public void TakeDefaults(ParseResult parsed)
    {
        string gateway = parsed.GetRequiredValue(Gateway);
        string http = parsed.GetRequiredValue(Http);
        double timeout = parsed.GetRequiredValue(Timeout);
        bool json = parsed.GetValue(Json);
        string? config = parsed.GetValue(Config);
        Gateway.DefaultValueFactory = _ => gateway;
        Http.DefaultValueFactory = _ => http;
        Timeout.DefaultValueFactory = _ => timeout;
        Json.DefaultValueFactory = _ => json;
        Config.DefaultValueFactory = _ => config;
    }

    /// <summary>How the given command line wants to talk to the cluster.</summary>
    public ConnectOptions ConnectOptions(ParseResult parsed) => new()
    {
        Gateways = parsed.GetRequiredValue(Gateway),
        Config = parsed.GetValue(Config),
        Timeout = TimeSpan.FromSeconds(parsed.GetRequiredValue(Timeout)),
    };

    /// <summary>Reads the file of <see cref="Config"/>.</summary>
    /// <exception cref="ClientException">It is missing or wrong.</exception>
    public static ClusterConfiguration ReadConfiguration(string path)
    {
        try
        {
            return ClusterConfigurationFile.Read(path);
        }
        catch (ClusterException e)
        {
            throw ClientException.Usage(e.Message);
        }
    }

    private static void Check(OptionResult result, Func<string, string?> problemOf)
    {
        // A missing value is the parser's own error.
        if (result.Tokens.Count == 1 && problemOf(result.Tokens[0].Value) is { } problem)
            result.AddError($"{result.Option.Name}: {problem}.");
    }
}
