using System.CommandLine;
using System.Globalization;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary><c>scan</c>: reads keys in byte order.</summary>
internal sealed class ScanCommand : ClusterCommand
{
    private const int DefaultLimit = 1000;
    private const int PageLimit = 1000;

    private readonly Option<string?> _prefix = new("--prefix") { Description = "Only keys that begin with this.", HelpName = "P" };
    private readonly Option<string?> _from = new("--from") { Description = "The first key, inclusive.", HelpName = "A" };
    private readonly Option<string?> _to = new("--to") { Description = "The end, exclusive.", HelpName = "B" };
    private readonly Option<string?> _continue = new("--continue")
    {
        Description = "Go on where an earlier scan with the same range ended.",
        HelpName = "TOKEN",
    };

    private readonly Option<int> _limit = new("--limit")
    {
        Description = "How many keys at most; 0 for all.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultLimit,
    };

    public ScanCommand(ClientContext context)
        : base(context, "scan",
            "Read keys in byte order.",
            "Prints key and value in a line with a tab between, control characters as escapes. Each page of it is "
            + "linearizable within a shard; the whole is not a snapshot. When there is more, the last line says how to go on.",
            "scan --prefix user/ --limit 20", "scan --from a --to c --json")
    {
        Add(_prefix);
        Add(_from);
        Add(_to);
        Add(_limit);
        Add(_continue);
        _limit.InRange(0, int.MaxValue);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        int limit = parsed.GetRequiredValue(_limit);
        long left = limit == 0 ? long.MaxValue : limit;
        string? token = parsed.GetValue(_continue);
        do
        {
            ScanPage page = await cluster.Clerk.ScanAsync(
                new ScanRequest
                {
                    Prefix = Bytes(parsed, _prefix),
                    From = Bytes(parsed, _from),
                    To = Bytes(parsed, _to),
                    Limit = (int)Math.Min(left, PageLimit),
                    Continuation = token,
                },
                cancellationToken);
            foreach (ScanItem item in page.Items) Output.WriteItem(item, Json(parsed));
            left -= page.Items.Count;
            token = page.Continuation;
        }
        while (token is not null && left > 0);

        if (token is not null) WriteMore(token, Json(parsed));
        return ExitCode.Ok;
    }

    private static byte[] Bytes(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text ? ShellArguments.ToBytes(text) : [];

    private void WriteMore(string token, bool json)
    {
        if (json) Output.WriteJson(line => line.WriteString("continuation", token));

        // Not on standard output: a pipe there gets keys only.
        else Output.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"there is more: --continue {token}"));
    }
}
