using System.CommandLine;
using System.Text.Json;
using Quorleans.Client;

namespace Quorleans.Benchmarks.Overload;

/// <summary>
/// <c>overload-clients</c>, for <see cref="CrowdProcess"/>: clients in a process of their own. Reads a <see cref="CrowdPlan"/> a line, answers each with a
/// line when it begins to count and one with the <see cref="CrowdResult"/>, and ends with its input.
/// </summary>
internal sealed class CrowdCommand : Command
{
    /// <summary>Its name.</summary>
    public const string CommandName = "overload-clients";

    /// <summary>What it says when it begins to count.</summary>
    public const string Counting = "counting";

    private readonly Option<string> _gateways = new("--gateways") { Required = true };

    public CrowdCommand()
        : base(CommandName)
    {
        Hidden = true;
        Add(_gateways);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using ICluster client = await new OrleansConnector().ConnectAsync(new ConnectOptions { Gateways = parsed.GetRequiredValue(_gateways) }, cancellationToken);
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            CrowdPlan plan = JsonSerializer.Deserialize<CrowdPlan>(line) ?? throw new JsonException("A plan is missing.");
            CrowdResult result = await new ClientCrowd((OrleansCluster)client, plan).RunAsync(() => Console.Out.WriteLineAsync(Counting), cancellationToken);
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(result));
            // Its rubbish is not the next round's.
            GC.Collect();
        }

        return 0;
    }
}
