using System.CommandLine;
using System.Text;
using System.Text.Unicode;
using Spectre.Console;

namespace Quorleans.Client.Interactive;

/// <summary>Reads command lines and runs them: from a terminal with a prompt, or from a pipe as a script.</summary>
internal sealed class CommandConsole(ClientContext context, ClientApplication application, Interrupts interrupts)
{
    private const string Prompt = "quorleans> ";
    private const int ScriptLineBytesMax = 4 * 1024 * 1024;

    private const string Introduction =
        "Quorleans. Type a command, such as: put greeting hello. `help` lists them, `exit` or Ctrl-D leaves.";

    private const string Quoting =
        "Words are separated by blanks. 'Single quotes' keep everything; \"double quotes\" know \\\" \\\\ \\n \\r \\t \\xNN;\n"
        + "a backslash outside of quotes takes the next character as it is; # begins a comment. Ctrl-C cancels what runs.";

    private ClientOutput Output => context.Output;

    /// <summary>Reads from the terminal until <c>exit</c> or Ctrl-D.</summary>
    /// <returns>0: each line has told its own outcome.</returns>
    public async Task<int> RunTerminalAsync()
    {
        CommandHistory history = new(CommandHistory.DefaultFile());
        List<string> names = [.. application.Commands.Select(command => command.Name), "help", "exit"];
        LineEditor editor = new(ReadKey, Output.Out, () => Console.WindowWidth, history, names);
        string style = Output.Ansi.Profile.Capabilities.ColorSystem == ColorSystem.NoColors ? "" : "\x1b[1;36m";
        Output.Out.WriteLine(Introduction);
        while (true)
        {
            Console.TreatControlCAsInput = true;
            string? line = editor.Read(Prompt, style);

            // While a command runs Ctrl-C is a signal again, and cancels it.
            Console.TreatControlCAsInput = false;
            if (line is null) return ExitCode.Ok;
            if (string.IsNullOrWhiteSpace(line)) continue;
            history.Add(line);
            if (await RunLineAsync(line) is null) return ExitCode.Ok;
        }
    }

    /// <summary>Reads lines of UTF-8 until the end or <c>exit</c>. A line that fails does not stop the next.</summary>
    /// <returns>The status of the first line that failed, or 0.</returns>
    public async Task<int> RunScriptAsync(Stream input)
    {
        context.Input = null;
        int first = ExitCode.Ok;
        int number = 0;
        await foreach (byte[] bytes in ScriptLines.ReadAsync(input, ScriptLineBytesMax))
        {
            Output.ErrorPrefix = $"line {++number}: ";
            int? status = Utf8.IsValid(bytes) ? await RunLineAsync(Encoding.UTF8.GetString(bytes)) : RefuseBytes(bytes);
            if (status is null) break;
            if (first == ExitCode.Ok) first = status.Value;
        }

        return first;
    }

    /// <summary>Runs one line.</summary>
    /// <returns>Its status, or null when it ends the console.</returns>
    public async Task<int?> RunLineAsync(string line)
    {
        if (!CommandLineSplitter.TrySplit(line, out IReadOnlyList<string> words, out string? problem))
        {
            Output.WriteError(problem);
            return ExitCode.Usage;
        }

        if (words.Count == 0) return ExitCode.Ok;
        if (words is ["exit"] or ["quit"]) return null;
        if (words is ["help"]) return ListCommands();
        return await application.RunCommandAsync(words[0] == "help" ? [.. words.Skip(1), "--help"] : words, interrupts);
    }

    private int ListCommands()
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().Padding(0, 0, 3, 0)).AddColumn();
        foreach (Command command in application.Commands)
            grid.AddRow(new Text($"{command.Name}{string.Concat(command.Arguments.Select(argument => $" {argument.Name}"))}"), new Text(command.Description ?? ""));
        grid.AddRow("help COMMAND", "Explain a command.").AddRow("exit", "Leave; so does Ctrl-D.");
        Output.Ansi.Write(grid);
        Output.Out.WriteLine(Quoting);
        return ExitCode.Ok;
    }

    private static ConsoleKeyInfo? ReadKey()
    {
        try
        {
            return Console.ReadKey(intercept: true);
        }
        catch (InvalidOperationException)
        {
            // The terminal went away.
            return null;
        }
    }

    private int RefuseBytes(byte[] bytes)
    {
        Output.WriteError($"not valid UTF-8: {TextEscaper.Quote(bytes)}");
        return ExitCode.Usage;
    }
}
