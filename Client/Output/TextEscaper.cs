using System.Buffers;
using System.Globalization;
using System.Text;

namespace Quorleans.Client;

/// <summary>
/// Renders stored bytes so that they cannot command a terminal: control and formatting characters and bytes that are no UTF-8 come out
/// as escapes (<c>\n</c>, <c>\x1b</c>, <c>\u202e</c>). A backslash is doubled, so that the rendering is unambiguous.
/// </summary>
internal static class TextEscaper
{
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>Renders bytes in one line, or in several when line ends and tabs are kept.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes, bool keepLines = false)
    {
        StringBuilder text = new(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed) == OperationStatus.Done)
            {
                AppendRune(text, rune, keepLines);
            }
            else
            {
                for (int i = 0; i < consumed; i++) text.Append(CultureInfo.InvariantCulture, $"\\x{bytes[i]:x2}");
            }

            bytes = bytes[consumed..];
        }

        return text.ToString();
    }

    /// <summary>A key or value as it stands in a message: escaped, in quotes, cut when long.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes, int bytesMax = 64) =>
        bytes.Length <= bytesMax ? $"\"{Escape(bytes)}\"" : $"\"{Escape(bytes[..bytesMax])}…\" ({bytes.Length} bytes)";

    private static void AppendRune(StringBuilder text, Rune rune, bool keepLines)
    {
        switch (rune.Value)
        {
            case '\n': text.Append(keepLines ? "\n" : "\\n"); return;
            case '\t': text.Append(keepLines ? "\t" : "\\t"); return;
            case '\r': text.Append("\\r"); return;
            case '\\': text.Append("\\\\"); return;
        }

        bool harmless = rune.Value == ZeroWidthJoiner || Rune.GetUnicodeCategory(rune)
            is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
        if (harmless) text.Append(rune.ToString());
        else if (rune.Value < 0x80) text.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
        else text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
    }
}
