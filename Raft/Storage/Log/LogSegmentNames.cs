using System.Globalization;

namespace Quorleans.Raft.Storage;

/// <summary>How the log's files are called: <c>wal-000001.log</c>. The number is only a name; the content says how old it is.</summary>
internal static class LogSegmentNames
{
    private const string Prefix = "wal-", Suffix = ".log";

    internal static string Format(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D6}{Suffix}");

    internal static bool TryParse(string name, out int number)
    {
        number = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && name == Format(number);
    }
}
