using Quorleans.Clerk;

namespace Quorleans.Client;

/// <summary>Which cluster, and how to talk to it.</summary>
internal sealed record ConnectOptions
{
    /// <summary>The gateways as the user wrote them: <c>HOST:PORT[,HOST:PORT…]</c>.</summary>
    public required string Gateways { get; init; }

    /// <summary>The configuration file of a cluster of processes, which then says where its nodes are; null: <see cref="Gateways"/> does.</summary>
    public string? Config { get; init; }

    /// <summary>The deadline of each operation over all its attempts.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one attempt may take before it is sent again; null for the Clerk's own default.</summary>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>Whether operations that are outstanding together travel together.</summary>
    public bool Batch { get; init; } = true;

    /// <summary>Changes the Clerk's options further; null: not.</summary>
    public Action<ClerkOptions>? ConfigureClerk { get; init; }
}
