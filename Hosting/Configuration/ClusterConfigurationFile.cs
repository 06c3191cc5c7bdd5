using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quorleans.Hosting;

/// <summary>
/// Reads a cluster's configuration from JSON (comments and trailing commas are fine):
/// <code>
/// {
///   "cluster": "demo",
///   "data": "data",                      // each node's data in a folder of its name; relative to this file. Default: data
///   "members": ["n1", "n2", "n3"],       // keep the membership table: 1, 3 or 5 nodes. Default: the first three; the first one, when there are fewer
///   "replicas": ["n1", "n2", "n3"],      // where the first groups begin. Default: the first three, or all
///   "nodes": [
///     { "name": "n1", "address": "127.0.0.1", "silo": 11111, "gateway": 30001, "http": 8081, "peer": 8091 },   // and "data", if it differs
///     …
/// </code>
/// </summary>
public static class ClusterConfigurationFile
{
    private const int MaximumBytes = 1 << 20;
    private const int DefaultCount = 3;
    private const int MostReplicas = 9;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict, AllowDuplicateProperties = false,
    };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ClusterException">It cannot be read, or is wrong: the message names the file, the line or the node, and what is allowed.</exception>
    public static ClusterConfiguration Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw Wrong(path, Directory.Exists(path) ? "is a directory, not a file" : "does not exist");
            if (file.Length > MaximumBytes) throw Wrong(path, $"has {file.Length} bytes; a configuration has at most {MaximumBytes}");
            return Parse(File.ReadAllBytes(path), file.FullName);
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException or ArgumentException or NotSupportedException)
        {
            throw new ClusterException(ClusterError.Configuration, $"The configuration '{path}' cannot be read: {cause.Message}", cause);
        }
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">Its text in UTF-8.</param>
    /// <param name="source">Its path, for messages; relative folders in it are beside it.</param>
    /// <exception cref="ClusterException">As for <see cref="Read"/>.</exception>
    public static ClusterConfiguration Parse(ReadOnlySpan<byte> json, string source)
    {
        if (json.StartsWith("\uFEFF"u8)) json = json[3..];
        ConfigurationText text;
        try
        {
            text = JsonSerializer.Deserialize<ConfigurationText>(json, Json) ?? throw Wrong(source, "is null");
        }
        catch (JsonException cause)
        {
            throw new ClusterException(ClusterError.Configuration, $"The configuration '{source}' is wrong in line {(cause.LineNumber ?? 0) + 1}: {Explain(cause)}", cause);
        }

        return Check(text, source);
    }

    // The serializer's messages name our types and repeat the line; what a person needs is what and where.
    private static string Explain(JsonException cause)
    {
        string message = cause.Message;
        int end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (end < 0) end = message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        message = (end < 0 ? message : message[..end]).Trim();
        if (message.StartsWith("The JSON property '", StringComparison.Ordinal) && message.Split('\'') is [_, var unknown, ..])
            return $"nothing is called \"{unknown}\" there.";
        if (message.Contains("could not be converted to", StringComparison.Ordinal)) return $"the value of {cause.Path} is of the wrong kind.";
        return message;
    }

    private static ClusterConfiguration Check(ConfigurationText text, string source)
    {
        if (text.Nodes is not { Count: > 0 } nodes) throw Wrong(source, "names no nodes; \"nodes\" must be a list of at least one");
        if (nodes.Count > ClusterConfiguration.MaximumNodes) throw Wrong(source, $"names {nodes.Count} nodes; at most {ClusterConfiguration.MaximumNodes} are possible");
        string cluster = text.Cluster ?? throw Wrong(source, "does not say what the cluster is called: \"cluster\" is missing");
        if (!IsName(cluster)) throw Wrong(source, $"calls the cluster '{cluster}'; {NameRule}");
        string folder = Path.GetDirectoryName(Path.GetFullPath(source.Length == 0 ? "x" : source)) ?? Environment.CurrentDirectory;
        string data = Path.Combine(folder, text.Data ?? "data");
        ConfiguredNode[] configured = [.. nodes.Select((node, i) => Check(node, i, data, folder, source))];
        Check(configured, source);
        int count = Math.Min(configured.Length, DefaultCount);
        string[] names = [.. configured.Select(static node => node.Name)];
        string[] members = CheckNames(text.Members ?? [.. names.Take(count < DefaultCount ? 1 : count)], "members", names, source);
        // An even number needs a larger majority and survives no more.
        if (members.Length is not (1 or 3 or 5)) throw Wrong(source, $"has {members.Length} nodes as \"members\"; it must be 1, 3 or 5");
        string[] replicas = CheckNames(text.Replicas ?? [.. names.Take(count)], "replicas", names, source);
        if (replicas.Length > MostReplicas) throw Wrong(source, $"has {replicas.Length} nodes as \"replicas\"; at most {MostReplicas} are possible");
        return new ClusterConfiguration { Cluster = cluster, Nodes = configured, Members = members, Replicas = replicas, DataFolder = Path.GetFullPath(data), Source = source };
    }

    private static ConfiguredNode Check(NodeText node, int index, string data, string folder, string source)
    {
        if (node is null) throw Wrong(source, Say($"has null as node number {index + 1}"));
        string name = node.Name ?? throw Wrong(source, Say($"does not name node number {index + 1}: \"name\" is missing"));
        if (!IsName(name)) throw Wrong(source, $"calls a node '{name}'; {NameRule}");
        IPAddress? address = IPAddress.Loopback;
        if (node.Address is not null && (!IPAddress.TryParse(node.Address, out address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
            throw Wrong(source, $"gives node '{name}' the address '{node.Address}'; it must be the IP address by which the others reach it, such as 192.168.1.10");
        return new ConfiguredNode
        {
            Name = name,
            Address = address,
            Silo = Port(node.Silo, "silo"),
            Gateway = Port(node.Gateway, "gateway"),
            Http = Port(node.Http, "http"),
            Peer = Port(node.Peer, "peer"),
            Data = Path.GetFullPath(node.Data is null ? Path.Combine(data, name) : Path.Combine(folder, node.Data)),
        };

        int Port(int? port, string what) => port switch
        {
            null => throw Wrong(source, $"gives node '{name}' no port \"{what}\""),
            >= 1 and <= IPEndPoint.MaxPort => port.Value,
            _ => throw Wrong(source, Say($"gives node '{name}' the port {port} as \"{what}\"; it must be 1 to 65535")),
        };
    }

    /// <summary>Refuses nodes that would get in each other's way.</summary>
    internal static void Check(IReadOnlyList<ConfiguredNode> nodes, string source)
    {
        Dictionary<string, string> seen = new(StringComparer.Ordinal);
        foreach (ConfiguredNode node in nodes)
        {
            if (!seen.TryAdd($"the name {node.Name}", "")) throw Wrong(source, $"names node '{node.Name}' twice");
            foreach ((string what, int port) in (ReadOnlySpan<(string, int)>)[("silo", node.Silo), ("gateway", node.Gateway), ("http", node.Http), ("peer", node.Peer)])
            {
                string use = $"\"{what}\" of node '{node.Name}'";
                IPEndPoint at = new(node.Address, port);
                if (!seen.TryAdd(at.ToString(), use)) throw Wrong(source, $"gives {at} to both {seen[at.ToString()]} and {use}");
            }

            // On two machines two nodes may well use the same path.
            string folder = $"{node.Address} {node.Data}";
            if (!seen.TryAdd(folder, node.Name)) throw Wrong(source, $"gives the data directory '{node.Data}' to both node '{seen[folder]}' and node '{node.Name}'");
        }
    }

    private static string[] CheckNames(IReadOnlyList<string> chosen, string what, string[] names, string source)
    {
        if (chosen.Count == 0) throw Wrong(source, $"has no node as \"{what}\"");
        foreach (string name in chosen)
        {
            if (!names.Contains(name)) throw Wrong(source, $"has node '{name}' in \"{what}\", but no such node; the nodes are {string.Join(", ", names)}");
            if (chosen.Count(other => other == name) > 1) throw Wrong(source, $"has node '{name}' twice in \"{what}\"");
        }

        return [.. chosen];
    }

    /// <summary>What <see cref="IsName"/> asks for.</summary>
    internal const string NameRule = "a name has 1 to 32 letters (a to z), digits and hyphens, and begins with a letter";

    /// <summary>Whether a node may be called so.</summary>
    internal static bool IsName(string name) =>
        name.Length is >= 1 and <= 32 && char.IsAsciiLetter(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static ClusterException Wrong(string source, string what) => new(ClusterError.Configuration, source.Length == 0 ? $"The configuration {what}." : $"The configuration '{source}' {what}.");

    private sealed record ConfigurationText(string? Cluster, string? Data, IReadOnlyList<string>? Members, IReadOnlyList<string>? Replicas, IReadOnlyList<NodeText>? Nodes);

    private sealed record NodeText(string? Name, string? Address, int? Silo, int? Gateway, int? Http, int? Peer, string? Data);
}
