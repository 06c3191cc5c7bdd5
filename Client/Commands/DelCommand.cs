using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>del KEY</c>: removes a key.</summary>
internal sealed class DelCommand : ClusterCommand
{
    private readonly Argument<string> _key = KeyValueArguments.Key();

    public DelCommand(ClientContext context)
        : base(context, "del", "Remove a key.", "Exit status 3 when there is no such key.", "del greeting") => Add(_key);

    /// <inheritdoc/>
    protected override bool Writes => true;

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        byte[] key = ShellArguments.ToBytes(parsed.GetRequiredValue(_key));
        bool deleted = await cluster.Clerk.DeleteAsync(key, cancellationToken);
        if (Json(parsed))
        {
            Output.WriteJson(line =>
            {
                line.WriteBytes("key", key);
                line.WriteBoolean("deleted", deleted);
            });
        }
        else if (deleted)
        {
            Output.Out.WriteLine("deleted");
        }
        else
        {
            Output.WriteError($"no key {TextEscaper.Quote(key)}");
        }

        return deleted ? ExitCode.Ok : ExitCode.NotMet;
    }
}
