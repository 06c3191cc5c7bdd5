using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Quorleans.Client;

/// <summary>A host, by name or address, and a TCP port.</summary>
/// <param name="Host">The name or address; an IPv6 address without its brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct Endpoint(string Host, int Port)
{
    /// <summary>Reads <c>HOST:PORT</c>; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(string text, out Endpoint endpoint, [NotNullWhen(false)] out string? problem)
    {
        endpoint = default;
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon].Trim();
        bool bracketed = host is ['[', .., ']'];
        if (bracketed) host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal)) host = "";

        if (host.Length == 0 || Uri.CheckHostName(host) == UriHostNameType.Unknown
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port is < 1 or > IPEndPoint.MaxPort)
        {
            problem = $"'{text}' is not HOST:PORT, such as 127.0.0.1:30001 or [::1]:30001";
            return false;
        }

        endpoint = new Endpoint(host, port);
        problem = null;
        return true;
    }

    /// <summary>Reads a list separated by commas.</summary>
    public static bool TryParseList(string text, out IReadOnlyList<Endpoint> endpoints, [NotNullWhen(false)] out string? problem)
    {
        List<Endpoint> found = [];
        endpoints = found;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParse(part, out Endpoint endpoint, out problem)) return false;
            found.Add(endpoint);
        }

        problem = found.Count == 0 ? "no HOST:PORT is given" : null;
        return problem is null;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
