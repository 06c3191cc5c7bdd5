using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>put KEY VALUE</c>: sets a key.</summary>
internal sealed class PutCommand : ClusterCommand
{
    private readonly Argument<string> _key = KeyValueArguments.Key();
    private readonly Argument<string> _value = KeyValueArguments.Value();

    public PutCommand(ClientContext context)
        : base(context, "put", "Set a key to a value.",
            "Keys with the same {tag}, as in {u7}name and {u7}mail, are in one shard: the tag alone is hashed. One transaction may take them all (see: txn --help).",
            "put greeting hello", "put note \"two words\"", "put -- -key -value")
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
        long version = await cluster.Clerk.PutAsync(key, value, cancellationToken);
        Output.WriteWritten(key, version, Json(parsed));
        return ExitCode.Ok;
    }
}
