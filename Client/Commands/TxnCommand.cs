using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.Client.Transactions;

namespace Quorleans.Client.Commands;

/// <summary><c>txn</c>: compares keys of one shard, and depending on that runs one of two lists of operations, in one step.</summary>
internal sealed class TxnCommand : ClusterCommand
{
    private readonly Option<string[]> _if = Statements("--if", "COMPARE", "A comparison; all must hold. KEY exists, KEY missing, KEY version =|!=|<|> N, KEY value =|!=|<|> VALUE.");
    private readonly Option<string[]> _then = Statements("--then", "OPERATION", "An operation that runs if they do. put KEY VALUE, append KEY VALUE, del KEY, get KEY.");
    private readonly Option<string[]> _else = Statements("--else", "OPERATION", "An operation that runs if one does not.");

    private readonly Option<string?> _file = new("--file")
    {
        Description = "Read statements from a file too, one a line: if COMPARE, then OPERATION, else OPERATION; - is standard input.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _exitCode = new("--exit-code") { Description = "Exit status 3 when the else branch ran." };

    public TxnCommand(ClientContext context)
        : base(context, "txn",
            "Compare keys, and run one of two lists of operations, all in one step (a transaction).",
            "Nobody sees it half done, and it happens exactly once. Operations run in order, each sees those before it; comparisons look at what was there before. "
            + "The value of a missing key compares to nothing, its version is 0. All keys must be in one shard: give them the same {tag}, as in {u7}name and {u7}mail. "
            + "Words within a statement are separated and quoted as in the console.",
            "txn --if \"{u7}name missing\" --then \"put {u7}name Ann\" --then \"append {u7}log created;\" --else \"get {u7}name\"",
            "txn --if \"{lock}owner value = me\" --then \"del {lock}owner\" --exit-code",
            "txn --if \"{acc}a version = 3\" --if \"{acc}b version > 0\" --then \"put {acc}a 90\" --then \"put {acc}b 110\"",
            "txn --then \"get {acc}a\" --then \"get {acc}b\"",
            "txn --file transfer.txn        (lines such as: then put {acc}a \"ninety dollars\")")
    {
        foreach (Option option in (Option[])[_if, _then, _else, _file, _exitCode]) Add(option);
        Validators.Add(result =>
        {
            if (result.GetResult(_if) is null && result.GetResult(_then) is null && result.GetResult(_else) is null && result.GetResult(_file) is null)
                result.AddError("There is nothing to do: give --if, --then, --else or --file.");
        });
    }

    /// <inheritdoc/>
    protected override bool Writes => true;

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        TxnStatements statements = new();
        foreach (string statement in parsed.GetValue(_if) ?? []) statements.AddIf(statement);
        foreach (string statement in parsed.GetValue(_then) ?? []) statements.AddThen(statement);
        foreach (string statement in parsed.GetValue(_else) ?? []) statements.AddElse(statement);
        if (parsed.GetValue(_file) is { } path)
        {
            await using Stream file = Open(path);
            await statements.AddLinesAsync(file, path == "-" ? "standard input" : path);
        }

        TxnResult result = await cluster.Clerk.TransactAsync(statements.Build(), cancellationToken);
        Output.WriteTransaction(result, Json(parsed));
        return result.Succeeded || !parsed.GetValue(_exitCode) ? ExitCode.Ok : ExitCode.NotMet;
    }

    private static Option<string[]> Statements(string name, string what, string description) =>
        new(name) { Description = description, HelpName = what, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    private Stream Open(string path)
    {
        if (path == "-") return Context.Input?.Invoke() ?? throw ClientException.Usage("standard input is the script itself; use --file FILE");
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ClientException.Usage($"{path} cannot be read: {e.Message}");
        }
    }
}
