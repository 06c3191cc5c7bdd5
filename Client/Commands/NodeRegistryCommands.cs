using System.CommandLine;
using Quorleans.Hosting;

namespace Quorleans.Client.Commands;

/// <summary>What <c>node add</c> and <c>node remove</c> share.</summary>
internal static class NodeRegistryCommands
{
    /// <summary>The configuration file that a command line names, or a usage error.</summary>
    public static string RequireConfig(ClientContext context, ParseResult parsed, string command) => parsed.GetValue(context.Options.Config)
        ?? throw ClientException.Usage($"{command} needs --config, the file of a cluster of processes; an embedded cluster gets nodes with Silo --nodes N");

    /// <summary>Does something with the cluster's list of nodes, and makes one line of a refusal.</summary>
    public static async Task ExplainAsync(ClientContext context, ParseResult parsed, string config, Func<NodeRegistry, Task> action)
    {
        using NodeRegistry registry = new(GlobalOptions.ReadConfiguration(config), TimeSpan.FromSeconds(parsed.GetRequiredValue(context.Options.Timeout)), context.Time);
        try
        {
            await action(registry);
        }
        catch (ClusterException e)
        {
            throw new ClientException(e.Message, e);
        }
    }
}
