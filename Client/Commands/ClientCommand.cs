using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary>A command of the client: what goes wrong in it becomes one line on standard error and an exit status.</summary>
internal abstract class ClientCommand : Command
{
    protected ClientCommand(ClientContext context, string name, string description, string details, params string[] examples)
        : base(name, description)
    {
        Context = context;
        Details = details;
        Examples = examples;
        SetAction((parsed, cancellationToken) => FailureReport.GuardAsync(
            Context.Output, Writes, () => ExecuteAsync(parsed, cancellationToken)));
    }

    /// <summary>More than the one line that stands in the list of commands, or nothing.</summary>
    public string Details { get; }

    /// <summary>Command lines that its help shows.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>What the commands share.</summary>
    protected ClientContext Context { get; }

    /// <summary>Where it writes.</summary>
    protected ClientOutput Output => Context.Output;

    /// <summary>Whether it changes the store: then an error says whether the change may have happened.</summary>
    protected virtual bool Writes => false;

    /// <summary>Whether JSON is asked for.</summary>
    protected bool Json(ParseResult parsed) => parsed.GetValue(Context.Options.Json);

    /// <summary>Does it.</summary>
    /// <returns>The exit status.</returns>
    protected abstract Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken);
}
