using System.Text;
using CsCheck;
using Quorleans.Client.Interactive;
using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class ConsoleTests
{
    [Theory]
    [InlineData("put a b", "put|a|b")]
    [InlineData("  put\ta   'b c' ", "put|a|b c")]
    [InlineData("put a \"b \\\"c\\\" \\n\\x1b\\\\\"", "put|a|b \"c\" \n\x1b\\")]
    [InlineData("put a ''", "put|a|")]
    [InlineData("put a 'it'\\''s'", "put|a|it's")]
    [InlineData("put a\\ b c\\\\d", "put|a b|c\\d")]
    [InlineData("put a #b", "put|a")]
    [InlineData("put a b#c", "put|a|b#c")]
    [InlineData("put a '#b'", "put|a|#b")]
    [InlineData("# nothing", "")]
    [InlineData("", "")]
    public void Split_KnowsTheQuotingRules(string line, string expected)
    {
        Assert.True(CommandLineSplitter.TrySplit(line, out IReadOnlyList<string> words, out string? problem), problem);
        Assert.Equal(expected, string.Join('|', words));
    }

    [Theory]
    [InlineData("put a 'b")]
    [InlineData("put a \"b")]
    [InlineData("put a \"b\\\"")]
    [InlineData("put a b\\")]
    [InlineData("put a \"\\q\"")]
    [InlineData("put a \"\\xff\"")]
    [InlineData("put a \"\\x1\"")]
    public void Split_Refuses_WhatIsNotWellFormed(string line) =>
        Assert.False(CommandLineSplitter.TrySplit(line, out _, out _));

    [Fact]
    public void Split_TakesBackAnyWord_InSingleQuotes() => Gen.String.Array[0, 4].Sample(words =>
    {
        string line = string.Join(' ', words.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        return CommandLineSplitter.TrySplit(line, out IReadOnlyList<string> read, out _) && read.SequenceEqual(words);
    });

    [Fact]
    public async Task Script_RunsEachLine_AndEndsWithTheFirstFailure()
    {
        using ClientHarness client = new();
        int status = await client.ScriptAsync("put a 1\n\n# a comment\r\nget none\nput b '2 3'\nfrob\n"u8.ToArray());
        Assert.Equal(ExitCode.NotMet, status);
        Assert.Equal("1", client.Store["a"]);
        Assert.Equal("2 3", client.Store["b"]);
        Assert.Contains("error: line 4: no key \"none\"", client.Error, StringComparison.Ordinal);
        Assert.Contains("error: line 6: ", client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Script_Ends0_WhenAllIsWell()
    {
        using ClientHarness client = new();
        Assert.Equal(ExitCode.Ok, await client.ScriptAsync("put a 1\nexit\nfrob"u8.ToArray()));
        Assert.Equal("", client.Error);
    }

    [Fact]
    public async Task Script_RefusesALine_ThatIsNotUtf8()
    {
        using ClientHarness client = new();
        Assert.Equal(ExitCode.Usage, await client.ScriptAsync([.. "put a 1\nput b "u8, 0xff, (byte)'\n', .. "put c 3"u8]));
        Assert.Null(client.Store["b"]);
        Assert.Equal("3", client.Store["c"]);
        Assert.Contains(@"line 2: not valid UTF-8: ""put b \xff""", client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_DoesNotOpenAnotherConsole_WhenALineHoldsOptionsOnly()
    {
        using ClientHarness client = new();
        Assert.Equal(ExitCode.Ok, await client.RunAsync("--json"));
        Assert.Contains("Usage:", client.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put|<Enter>", "put")]
    [InlineData("pux|<Backspace>t|<Enter>", "put")]
    [InlineData("bc|<Home>a|<End>d|<Enter>", "abcd")]
    [InlineData("ac|<Left>b|<Enter>", "abc")]
    [InlineData("one two|<^W>three|<Enter>", "one three")]
    [InlineData("abc|<Left><^K><Left><^U><Enter>", "b")]
    [InlineData("<Up><Enter>", "second")]
    [InlineData("<Up><Up><Enter>", "first")]
    [InlineData("draft|<Up><Down><Enter>", "draft")]
    [InlineData("tr|<Tab>g1|<Enter>", "transfer-leader g1")]
    [InlineData("p|<Tab><Enter>", "pu")]
    [InlineData("a\U0001F600|<Backspace>b|<Enter>", "ab")]
    [InlineData("abc|<^C>", "")]
    [InlineData("<^D>", null)]
    [InlineData("abc|<Left><^D><Enter>", "ab")]
    public void Editor_Edits(string typed, string? expected)
    {
        CommandHistory history = new(null);
        history.Add("first");
        history.Add("second");
        using StringWriter screen = new();
        Queue<ConsoleKeyInfo> keys = new(Keys(typed));
        LineEditor editor = new(() => keys.TryDequeue(out ConsoleKeyInfo key) ? key : null, screen, () => 40, history,
            ["put", "push", "transfer-leader"]);
        Assert.Equal(expected, editor.Read("> "));
    }

    [Fact]
    public void Editor_NeverDrawsBeyondTheWidth_WhenTheLineIsLong()
    {
        using StringWriter screen = new();
        Queue<ConsoleKeyInfo> keys = new(Keys(new string('x', 100) + "|<Enter>"));
        LineEditor editor = new(() => keys.Dequeue(), screen, () => 30, new CommandHistory(null), []);
        Assert.Equal(100, editor.Read("> ")!.Length);
        Assert.All(screen.ToString().Split('\r'), part => Assert.True(part.Replace("\x1b[K", "", StringComparison.Ordinal).Length <= 30, part));
    }

    [Fact]
    public void History_IsThereAgain_AndHoldsNoRepetitions()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("quorleans-test-");
        try
        {
            string file = Path.Combine(directory.FullName, "state", "history");
            CommandHistory first = new(file);
            foreach (string line in (string[])["a", "b", "b", "", "c"]) first.Add(line);
            Assert.Equal(["a", "b", "c"], new CommandHistory(file).Lines);
            for (int i = 0; i < 2500; i++) first.Add($"line {i}");
            Assert.Equal(1000, new CommandHistory(file).Lines.Count);
            Assert.Equal(1000, File.ReadAllLines(file).Length);
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("plain ü", "plain ü")]
    [InlineData("a\nb\tc\r", "a\\nb\\tc\\r")]
    [InlineData("\x1b[2J\a\u009b", "\\x1b[2J\\x07\\u009b")]
    [InlineData("\u202egnp.exe", "\\u202egnp.exe")]
    [InlineData("back\\slash", "back\\\\slash")]
    public void Escape_LeavesNothing_ThatCommandsATerminal(string text, string expected) =>
        Assert.Equal(expected, TextEscaper.Escape(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Escape_HoldsNoControlCharacter_WhateverTheBytes() =>
        Gen.Byte.Array[0, 50].Sample(bytes => !TextEscaper.Escape(bytes).Any(char.IsControl));

    private static IEnumerable<ConsoleKeyInfo> Keys(string typed)
    {
        foreach (string part in typed.Split('|'))
        {
            foreach (string token in part.StartsWith('<') ? Tokens(part) : part.Select(c => c.ToString())) yield return Key(token);
        }
    }

    // "<Home>ab" is a key and two characters.
    private static IEnumerable<string> Tokens(string part)
    {
        while (part.Length > 0)
        {
            int length = part[0] == '<' ? part.IndexOf('>', StringComparison.Ordinal) + 1 : 1;
            yield return part[..length];
            part = part[length..];
        }
    }

    private static ConsoleKeyInfo Key(string token) => token switch
    {
        "<Enter>" => new('\r', ConsoleKey.Enter, false, false, false),
        "<Backspace>" => new('\b', ConsoleKey.Backspace, false, false, false),
        "<Home>" => new('\0', ConsoleKey.Home, false, false, false),
        "<End>" => new('\0', ConsoleKey.End, false, false, false),
        "<Left>" => new('\0', ConsoleKey.LeftArrow, false, false, false),
        "<Up>" => new('\0', ConsoleKey.UpArrow, false, false, false),
        "<Down>" => new('\0', ConsoleKey.DownArrow, false, false, false),
        "<Tab>" => new('\t', ConsoleKey.Tab, false, false, false),
        ['<', '^', char letter, '>'] => new((char)(letter - '@'), Enum.Parse<ConsoleKey>(letter.ToString()), false, false, true),
        _ => new(token[0], ConsoleKey.None, false, false, false),
    };
}
