using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>append KEY VALUE</c>: adds to a key's value.</summary>
internal sealed class AppendCommand : ClusterCommand
{
    private readonly Argument<string> _key = KeyValueArguments.Key();
    private readonly Argument<string> _value = KeyValueArguments.Value();

    public AppendCommand(ClientContext context)
        : base(context, "append", "Add to the end of a key's value, or of the empty value when there is none.", "",
            "append log \"one more line;\"")
    {
        Add(_key);
        Add(_value);
    }

    /// <inheritdoc/>
    protected override bool Writes => true;

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        byte[] key = ShellArguments.ToBytes(parsed.GetRequiredValue(_key));
        byte[] value = ShellArguments.ToBytes(parsed.GetRequiredValue(_value));
        long version = await cluster.Clerk.AppendAsync(key, value, cancellationToken);
        Output.WriteWritten(key, version, Json(parsed));
        return ExitCode.Ok;
    }
}
