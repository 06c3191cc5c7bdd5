using System.Globalization;

namespace Quorleans.Hosting;

/// <summary>
/// The protocol versions that a program speaks with peers, as <c>1</c> or <c>1-2</c>. Two programs talk when their ranges overlap: so a cluster can be upgraded one node
/// after the other, as long as each program still speaks what the one before it does.
/// </summary>
/// <param name="Oldest">The oldest version.</param>
/// <param name="Newest">The newest one.</param>
internal readonly record struct ProtocolRange(int Oldest, int Newest)
{
    /// <summary>What this program speaks.</summary>
    public static ProtocolRange Own { get; } = new(1, 1);

    /// <summary>Reads a range. Takes any text.</summary>
    /// <returns>Null when it is none.</returns>
    public static ProtocolRange? TryParse(string text)
    {
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!TryParse(dash < 0 ? text : text[..dash], out int oldest) || !TryParse(dash < 0 ? text : text[(dash + 1)..], out int newest)) return null;
        return oldest <= newest ? new ProtocolRange(oldest, newest) : null;
    }

    /// <summary>The version to talk in, the newest that both speak; null when there is none.</summary>
    public int? Agree(ProtocolRange other) => Math.Min(Newest, other.Newest) is var version && version >= Math.Max(Oldest, other.Oldest) ? version : null;

    /// <inheritdoc/>
    public override string ToString() => Oldest == Newest
        ? Oldest.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Oldest}-{Newest}");

    private static bool TryParse(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
}
