using System.Globalization;
using System.Text.Json.Nodes;

namespace Quorleans.Processes.Tests;

/// <summary>Nodes that a cluster's configuration file does not name: they are added while it runs.</summary>
internal static class AddedNodes
{
    private static readonly (string Field, string Option)[] Fields = [("silo", "--silo"), ("gateway", "--gateway"), ("http", "--http-port"), ("peer", "--peer"), ("address", "--address")];

    /// <summary>Takes a node out of a configuration file.</summary>
    /// <returns>The options by which <c>node add</c> describes it, by its name.</returns>
    public static Dictionary<string, string[]> TakeOut(string config, params string[] nodes)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(config))!;
        JsonArray all = file["nodes"]!.AsArray();
        Dictionary<string, string[]> described = [];
        foreach (JsonNode? node in all.ToArray())
        {
            string name = node!["name"]!.GetValue<string>();
            described[name] = [.. Fields.Where(field => node[field.Field] is not null).SelectMany(field => (string[])[field.Option, string.Create(CultureInfo.InvariantCulture, $"{node[field.Field]}")])];
            if (nodes.Contains(name)) all.Remove(node);
        }

        File.WriteAllText(config, file.ToJsonString());
        return described;
    }
}
