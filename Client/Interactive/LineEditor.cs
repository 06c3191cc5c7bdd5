using System.Globalization;
using System.Text;

namespace Quorleans.Client.Interactive;

/// <summary>
/// Reads a line from a terminal: cursor keys, history, Home/End, Ctrl-A/E/B/F/K/U/W/L, and Tab for a command's name. A line that is longer than the
/// terminal is wide scrolls sideways.
/// </summary>
/// <param name="keys">Reads a key without echo; null at the end of input.</param>
/// <param name="output">The terminal.</param>
/// <param name="width">The terminal's width in cells.</param>
/// <param name="history">Earlier lines.</param>
/// <param name="completions">Command names.</param>
internal sealed class LineEditor(
    Func<ConsoleKeyInfo?> keys, TextWriter output, Func<int> width, CommandHistory history, IReadOnlyList<string> completions)
{
    private readonly LineBuffer _line = new();
    private int _historyAt;
    private string _draft = "";

    /// <summary>Reads a line.</summary>
    /// <param name="prompt">What stands before it.</param>
    /// <param name="promptStyle">An escape sequence that colours the prompt, or nothing.</param>
    /// <returns>The line, empty after Ctrl-C; null at the end of input (Ctrl-D in an empty line).</returns>
    public string? Read(string prompt, string promptStyle = "")
    {
        _line.Set("");
        _historyAt = history.Lines.Count;
        while (true)
        {
            Draw(prompt, promptStyle);
            if (keys() is not { } key) return Leave(null);
            bool control = (key.Modifiers & ConsoleModifiers.Control) != 0;
            if (key.Key == ConsoleKey.Enter) return Leave(_line.Text);
            if (control && key.Key == ConsoleKey.C) return Leave("", "^C");
            if (control && key.Key == ConsoleKey.D && _line.Text.Length == 0) return Leave(null);
            Apply(key, control);
        }
    }

    private void Apply(ConsoleKeyInfo key, bool control)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow when control: _line.WordLeft(); break;
            case ConsoleKey.RightArrow when control: _line.WordRight(); break;
            case ConsoleKey.LeftArrow:
            case ConsoleKey.B when control: _line.Left(); break;
            case ConsoleKey.RightArrow:
            case ConsoleKey.F when control: _line.Right(); break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control: _line.Home(); break;
            case ConsoleKey.End:
            case ConsoleKey.E when control: _line.End(); break;
            case ConsoleKey.W when control: _line.KillWord(); break;
            case ConsoleKey.Backspace when control || (key.Modifiers & ConsoleModifiers.Alt) != 0: _line.KillWord(); break;
            case ConsoleKey.Backspace:
            case ConsoleKey.H when control: _line.Backspace(); break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control: _line.Delete(); break;
            case ConsoleKey.K when control: _line.KillToEnd(); break;
            case ConsoleKey.U when control: _line.KillToStart(); break;
            case ConsoleKey.L when control: output.Write("\x1b[2J\x1b[H"); break;
            case ConsoleKey.UpArrow:
            case ConsoleKey.P when control: Recall(_historyAt - 1); break;
            case ConsoleKey.DownArrow:
            case ConsoleKey.N when control: Recall(_historyAt + 1); break;
            case ConsoleKey.Tab: Complete(); break;
            default:
                if (key.KeyChar >= ' ' && key.KeyChar != '\x7f') _line.Insert(key.KeyChar.ToString());
                break;
        }
    }

    private void Recall(int index)
    {
        if (index < 0 || index > history.Lines.Count) return;
        if (_historyAt == history.Lines.Count) _draft = _line.Text;
        _historyAt = index;
        _line.Set(index == history.Lines.Count ? _draft : history.Lines[index]);
    }

    private void Complete()
    {
        string start = _line.Text[.._line.Cursor];
        List<string> fitting = [.. completions.Where(name => name.StartsWith(start, StringComparison.Ordinal))];
        if (start.Length == 0 || fitting.Count == 0) return;
        string common = fitting.Aggregate((a, b) => a[..a.AsSpan().CommonPrefixLength(b)]);
        _line.Insert(common[start.Length..] + (fitting.Count == 1 ? " " : ""));
    }

    private string? Leave(string? result, string mark = "")
    {
        output.Write($"{mark}\n");
        return result;
    }

    private void Draw(string prompt, string promptStyle)
    {
        int room = Math.Max(10, width() - prompt.Length - 1);
        int start = 0;
        while (CellWidth.Of(_line.Text.AsSpan(start, _line.Cursor - start)) > room)
            start += StringInfo.GetNextTextElementLength(_line.Text, start);
        int end = _line.Cursor;
        while (end < _line.Text.Length)
        {
            int next = end + StringInfo.GetNextTextElementLength(_line.Text, end);
            if (CellWidth.Of(_line.Text.AsSpan(start, next - start)) > room) break;
            end = next;
        }

        string reset = promptStyle.Length > 0 ? "\x1b[0m" : "";
        StringBuilder screen = new("\r");
        screen.Append(promptStyle).Append(prompt).Append(reset).Append(_line.Text, start, end - start).Append("\x1b[K\r");
        int column = prompt.Length + CellWidth.Of(_line.Text.AsSpan(start, _line.Cursor - start));
        if (column > 0) screen.Append(CultureInfo.InvariantCulture, $"\x1b[{column}C");
        output.Write(screen.ToString());
    }
}
