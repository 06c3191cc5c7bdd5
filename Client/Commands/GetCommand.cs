using System.CommandLine;
using System.Globalization;
using Quorleans.Clerk;
using Spectre.Console;

namespace Quorleans.Client.Commands;

/// <summary><c>get KEY</c>: reads a key.</summary>
internal sealed class GetCommand : ClusterCommand
{
    private readonly Argument<string> _key = KeyValueArguments.Key();
    private readonly Option<bool> _raw = new("--raw")
    {
        Description = "Print the value's bytes exactly, with nothing after them.",
    };

    private readonly Option<string?> _from = new("--from")
    {
        Description = "Read from this node's replica, or from any follower's; linearizable all the same.",
        HelpName = "NODE|follower",
    };

    public GetCommand(ClientContext context)
        : base(context, "get",
            "Read a key (linearizable).",
            "On a terminal control characters are shown as escapes; elsewhere the value's own bytes are "
            + "printed and a line end. Exit status 3 when there is no such key.",
            "get greeting", "get greeting --json", "get greeting --from follower", "get picture --raw > picture.png")
    {
        Add(_key);
        Add(_raw);
        Add(_from);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        byte[] key = ShellArguments.ToBytes(parsed.GetRequiredValue(_key));
        GetResult result = parsed.GetValue(_from) is { } node
            ? await cluster.GetFromAsync(node, key, cancellationToken)
            : await cluster.Clerk.GetAsync(key, cancellationToken);
        if (Json(parsed)) WriteJson(key, result);
        else if (!result.Found) Output.WriteError($"no key {TextEscaper.Quote(key)}");
        else WriteText(result, parsed.GetValue(_raw));
        return result.Found ? ExitCode.Ok : ExitCode.NotMet;
    }

    private void WriteText(GetResult result, bool raw)
    {
        if (!raw && Output.IsTerminal)
        {
            Output.Out.WriteLine(TextEscaper.Escape(result.Value.Span, keepLines: true));
            Output.Ansi.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[dim]version {result.Version}[/]");
            return;
        }

        Output.WriteRaw(result.Value.Span);
        if (!raw) Output.WriteRaw("\n"u8);
    }

    private void WriteJson(byte[] key, GetResult result) => Output.WriteJson(line =>
    {
        line.WriteBytes("key", key);
        line.WriteBoolean("found", result.Found);
        if (result.Found) line.WriteBytes("value", result.Value.Span);
        else line.WriteNull("value");
        line.WriteNumber("version", result.Version);
    });
}
