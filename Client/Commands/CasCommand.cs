using System.CommandLine;
using System.Globalization;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary><c>cas KEY EXPECTED-VERSION VALUE</c>: sets a key if its version is the expected one.</summary>
internal sealed class CasCommand : ClusterCommand
{
    private readonly Argument<string> _key = KeyValueArguments.Key();
    private readonly Argument<long> _expected = KeyValueArguments.ExpectedVersion();
    private readonly Argument<string> _value = KeyValueArguments.Value();

    public CasCommand(ClientContext context)
        : base(context, "cas",
            "Set a key only if its version is the expected one (compare-and-set).",
            "Exit status 3 when it is not.",
            "cas lock 0 mine", "cas greeting 7 \"hello again\"")
    {
        Add(_key);
        Add(_expected);
        Add(_value);
    }

    /// <inheritdoc/>
    protected override bool Writes => true;

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        byte[] key = ShellArguments.ToBytes(parsed.GetRequiredValue(_key));
        byte[] value = ShellArguments.ToBytes(parsed.GetRequiredValue(_value));
        long expected = parsed.GetRequiredValue(_expected);
        CompareAndSetResult result = await cluster.Clerk.CompareAndSetAsync(key, expected, value, cancellationToken);
        if (Json(parsed))
        {
            Output.WriteJson(line =>
            {
                line.WriteBytes("key", key);
                line.WriteBoolean("succeeded", result.Succeeded);
                line.WriteNumber("version", result.Version);
            });
        }
        else if (result.Succeeded)
        {
            Output.WriteWritten(key, result.Version, json: false);
        }
        else
        {
            string now = result.Version == 0
                ? "is missing (version 0)"
                : string.Create(CultureInfo.InvariantCulture, $"has version {result.Version}");
            Output.WriteError(string.Create(
                CultureInfo.InvariantCulture, $"not set: {TextEscaper.Quote(key)} {now}, not {expected}"));
        }

        return result.Succeeded ? ExitCode.Ok : ExitCode.NotMet;
    }
}
