using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Quorleans.Client.Commands;

/// <summary>The arguments that several commands take.</summary>
internal static class KeyValueArguments
{
    /// <summary>A key.</summary>
    public static Argument<string> Key() => new("KEY") { Description = "The key: UTF-8 text, 1 to 4096 bytes." };

    /// <summary>A value.</summary>
    public static Argument<string> Value() => new("VALUE") { Description = "The value: UTF-8 text, up to 1 MiB, \"\" for the empty one." };

    /// <summary>A version that a key must have.</summary>
    public static Argument<long> ExpectedVersion() => new("EXPECTED-VERSION")
    {
        Description = "The version that the key must have, as get --json shows it; 0: only if the key is missing.",
        CustomParser = ParseVersion,
    };

    /// <summary>A node.</summary>
    public static Argument<string> Node() => new("NODE") { Description = "The node's name, such as n1." };

    private static long ParseVersion(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long version)) return version;
        result.AddError($"EXPECTED-VERSION must be a whole number from 0; '{text}' is not.");
        return 0;
    }
}
