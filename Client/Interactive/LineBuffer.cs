using System.Globalization;

namespace Quorleans.Client.Interactive;

/// <summary>The line that is being edited and the cursor in it, which always stands between two characters as a person counts them.</summary>
internal sealed class LineBuffer
{
    /// <summary>The text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The cursor's place in <see cref="Text"/>, in UTF-16 units.</summary>
    public int Cursor { get; private set; }

    /// <summary>Replaces all and goes to the end.</summary>
    public void Set(string text)
    {
        Text = text;
        Cursor = text.Length;
    }

    /// <summary>Writes at the cursor.</summary>
    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Goes one character back.</summary>
    public void Left() => Cursor = Before();

    /// <summary>Goes one character on.</summary>
    public void Right() => Cursor = After();

    /// <summary>Goes to the beginning.</summary>
    public void Home() => Cursor = 0;

    /// <summary>Goes to the end.</summary>
    public void End() => Cursor = Text.Length;

    /// <summary>Goes to the beginning of the word.</summary>
    public void WordLeft()
    {
        while (Cursor > 0 && char.IsWhiteSpace(Text[Cursor - 1])) Cursor--;
        while (Cursor > 0 && !char.IsWhiteSpace(Text[Cursor - 1])) Cursor--;
    }

    /// <summary>Goes to the end of the word.</summary>
    public void WordRight()
    {
        while (Cursor < Text.Length && char.IsWhiteSpace(Text[Cursor])) Cursor++;
        while (Cursor < Text.Length && !char.IsWhiteSpace(Text[Cursor])) Cursor++;
    }

    /// <summary>Removes the character before the cursor.</summary>
    public void Backspace() => RemoveTo(Before());

    /// <summary>Removes the character after the cursor.</summary>
    public void Delete() => Text = Text.Remove(Cursor, After() - Cursor);

    /// <summary>Removes all after the cursor.</summary>
    public void KillToEnd() => Text = Text[..Cursor];

    /// <summary>Removes all before the cursor.</summary>
    public void KillToStart() => RemoveTo(0);

    /// <summary>Removes the word before the cursor.</summary>
    public void KillWord()
    {
        int end = Cursor;
        WordLeft();
        Text = Text.Remove(Cursor, end - Cursor);
    }

    private void RemoveTo(int start)
    {
        Text = Text.Remove(start, Cursor - start);
        Cursor = start;
    }

    private int After() => Cursor == Text.Length ? Cursor : Cursor + StringInfo.GetNextTextElementLength(Text, Cursor);

    private int Before()
    {
        int start = 0;
        for (int next = 0; next < Cursor; next += StringInfo.GetNextTextElementLength(Text, next)) start = next;
        return start;
    }
}
