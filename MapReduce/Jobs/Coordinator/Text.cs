namespace Quorleans.MapReduce.Jobs;

/// <summary>Texts that come from user code or other nodes, for the journal.</summary>
internal static class Text
{
    private const int MaxCharacters = 4000;

    /// <summary>The text, cut when it is long.</summary>
    public static string Cut(string text, int most = MaxCharacters) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most), " …");
}
