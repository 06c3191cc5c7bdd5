using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text;
using Quorleans.Client.Commands;

namespace Quorleans.Client;

/// <summary>The library's help and below it the command's examples.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly int _width;
    private readonly HelpAction _help;

    /// <param name="width">The columns of the terminal.</param>
    public HelpWithExamples(int width)
    {
        _width = width;
        _help = new HelpAction { MaxWidth = width };
    }

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int status = _help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not ClientCommand command) return status;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (command.Details.Length > 0) output.WriteLine($"Details:\n{Wrapped(command.Details)}\n");
        output.WriteLine("Examples:");
        foreach (string example in command.Examples) output.WriteLine($"  {example}");
        output.WriteLine();
        return status;
    }

    private string Wrapped(string text)
    {
        StringBuilder lines = new();
        int column = _width;
        foreach (string word in text.Split(' '))
        {
            if (column + 1 + word.Length > _width)
            {
                if (lines.Length > 0) lines.Append('\n');
                lines.Append("  ").Append(word);
                column = 2 + word.Length;
                continue;
            }

            lines.Append(' ').Append(word);
            column += 1 + word.Length;
        }

        return lines.ToString();
    }
}
