using System.Text;

namespace Quorleans.Clerk;

/// <summary>Text as UTF-8. Strict in both directions: a replacement character written in place of a broken one would be a silent change of data.</summary>
public static class ClerkText
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Encodes a key or a value.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What it is, for the error.</param>
    /// <exception cref="ClerkException">It is no valid text.</exception>
    public static byte[] Encode(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text, name);
        try
        {
            return s_utf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ClerkException(
                ClerkError.Invalid,
                OperationOutcome.DidNotHappen,
                $"The {name} is no valid text: an unpaired surrogate at character {e.Index}. Pass bytes if it is not text.");
        }
    }

    /// <summary>Decodes a value.</summary>
    /// <param name="bytes">The value.</param>
    /// <exception cref="ClerkException">It is not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ClerkException(
                ClerkError.Invalid,
                OperationOutcome.DidNotHappen,
                $"The value is not UTF-8: a wrong byte at {e.Index}. Read it as bytes with GetAsync.");
        }
    }
}
