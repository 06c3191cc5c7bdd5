using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Quorleans.MapReduce.Applications;

/// <summary>
/// Finds lines: <c>--arg pattern=TEXT</c>, with <c>regex=true</c> a regular expression, with <c>ignore-case=true</c> whatever the case. The
/// output has <c>file:position line</c> for each, in the order of files and positions within each output file.
/// </summary>
public sealed class Grep : IMapReduceApplication
{
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        string pattern = arguments.Require("pattern");
        bool isRegex = arguments.Flag("regex");
        bool ignoreCase = arguments.Flag("ignore-case");
        Regex? regex = isRegex || ignoreCase ? MakeRegex(isRegex ? pattern : Regex.Escape(pattern), ignoreCase) : null;
        byte[] text = Encoding.UTF8.GetBytes(pattern);
        return
        [
            JobDefinition.Create("grep", () => new Mapper(text, regex)) with { TotalOrder = true, KeyOrder = PlaceOrder.Instance },
        ];
    }

    private static Regex MakeRegex(string pattern, bool ignoreCase)
    {
        try
        {
            return new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : 0), LongestMatch);
        }
        catch (ArgumentException e)
        {
            throw new JobArgumentException($"the argument pattern is no regular expression: {e.Message}", e);
        }
    }

    private sealed class Mapper(byte[] text, Regex? regex) : IUtf8Mapper
    {
        private char[] _line = [];

        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            if (!IsMatch(record)) return;
            context.Count("matches");
            context.Emit(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{context.InputPath}:{context.Position}")), record);
        }

        private bool IsMatch(ReadOnlySpan<byte> record)
        {
            if (regex is null) return record.IndexOf(text) >= 0;
            if (_line.Length < record.Length) _line = new char[Math.Max(record.Length, 256)];
            return regex.IsMatch(_line.AsSpan(0, Encoding.UTF8.GetChars(record, _line)));
        }
    }

    /// <summary>By file, then by position as a number.</summary>
    private sealed class PlaceOrder : IKeyComparer
    {
        public static PlaceOrder Instance { get; } = new();

        public int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
        {
            int leftColon = left.LastIndexOf((byte)':');
            int rightColon = right.LastIndexOf((byte)':');
            int order = left[..leftColon].SequenceCompareTo(right[..rightColon]);
            if (order == 0) order = left.Length.CompareTo(right.Length);
            return order != 0 ? order : left.SequenceCompareTo(right);
        }
    }
}
