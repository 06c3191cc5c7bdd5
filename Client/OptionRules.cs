using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Quorleans.Client;

/// <summary>Checks of option values that several commands share.</summary>
internal static class OptionRules
{
    /// <summary>Refuses values outside a range, as a usage error.</summary>
    public static void InRange<T>(this Option<T> option, T minimum, T maximum)
        where T : INumber<T> => option.Validators.Add(result =>
    {
        // A value that is no number is the parser's own error.
        if (result.Implicit || result.Tokens.Count != 1
            || !T.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out T? value)) return;
        if (!(value >= minimum && value <= maximum))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} must be from {minimum} to {maximum}; {value} is not."));
    });
}
