using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Quorleans.Client.Interactive;

/// <summary>
/// Takes a console line apart. Words are separated by blanks. 'Single quotes' keep everything as it is; "double quotes" know the
/// escapes \" \\ \n \r \t and \xNN (00 to 7f); outside of quotes a backslash takes the next character as it is. A word that begins with # ends the line.
/// </summary>
internal static class CommandLineSplitter
{
    /// <summary>Splits a line.</summary>
    /// <returns>Whether it is well-formed; <paramref name="problem"/> says why not.</returns>
    public static bool TrySplit(string line, out IReadOnlyList<string> words, [NotNullWhen(false)] out string? problem)
    {
        List<string> found = [];
        words = found;
        problem = null;
        StringBuilder word = new();
        int at = 0;
        while (true)
        {
            while (at < line.Length && char.IsWhiteSpace(line[at])) at++;
            if (at == line.Length || line[at] == '#') return true;
            word.Clear();
            while (at < line.Length && !char.IsWhiteSpace(line[at]))
            {
                if (!TryReadPart(line, ref at, word, out problem)) return false;
            }

            found.Add(word.ToString());
        }
    }

    private static bool TryReadPart(string line, ref int at, StringBuilder word, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        switch (line[at])
        {
            case '\'':
                int end = line.IndexOf('\'', at + 1);
                if (end < 0)
                {
                    problem = $"the ' at column {at + 1} is not closed";
                    return false;
                }

                word.Append(line, at + 1, end - at - 1);
                at = end + 1;
                return true;
            case '"':
                return TryReadDoubleQuoted(line, ref at, word, out problem);
            case '\\' when at + 1 == line.Length:
                problem = "the line ends in a backslash; write \\\\ for one";
                return false;
            case '\\':
                word.Append(line[at + 1]);
                at += 2;
                return true;
            default:
                word.Append(line[at++]);
                return true;
        }
    }

    private static bool TryReadDoubleQuoted(string line, ref int at, StringBuilder word, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        int open = at++;
        for (; at < line.Length; at++)
        {
            if (line[at] == '"')
            {
                at++;
                return true;
            }

            if (line[at] != '\\')
            {
                word.Append(line[at]);
                continue;
            }

            if (TryUnescape(line.AsSpan(at + 1), out char character, out int length))
            {
                word.Append(character);
                at += length;
                continue;
            }

            problem = $"unknown escape at column {at + 1}; known in double quotes are \\\" \\\\ \\n \\r \\t and \\x00 to \\x7f";
            return false;
        }

        problem = $"the \" at column {open + 1} is not closed";
        return false;
    }

    private static bool TryUnescape(ReadOnlySpan<char> rest, out char character, out int length)
    {
        length = 1;
        character = rest.IsEmpty ? '\0' : rest[0];
        switch (character)
        {
            case '"' or '\\': return true;
            case 'n': character = '\n'; return true;
            case 'r': character = '\r'; return true;
            case 't': character = '\t'; return true;
            case 'x' when rest.Length >= 3
                && byte.TryParse(rest[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) && value < 0x80:
                character = (char)value;
                length = 3;
                return true;
            default: return false;
        }
    }
}
