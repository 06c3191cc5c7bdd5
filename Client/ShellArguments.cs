using System.Text;
using System.Text.Unicode;

namespace Quorleans.Client;

/// <summary>Turns arguments into the bytes that are stored, and refuses what the shell passed and text cannot hold.</summary>
internal static class ShellArguments
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>
    /// Refuses invalid UTF-8. The runtime turns such bytes into U+FFFD before the program sees them, and the store would then hold
    /// something that nobody wrote; so the kernel's copy of the command line is looked at whenever that character appears.
    /// </summary>
    /// <param name="arguments">What the runtime made of the arguments.</param>
    /// <param name="commandLine">Reads the process's command line as the kernel has it, or gives null where that is not possible.</param>
    /// <exception cref="ClientException">An argument is no UTF-8.</exception>
    public static void CheckUtf8(IReadOnlyList<string> arguments, Func<byte[]?> commandLine)
    {
        foreach (string argument in arguments)
        {
            if (!argument.Contains('\uFFFD', StringComparison.Ordinal)) continue;
            if (commandLine() is not { } bytes || Utf8.IsValid(bytes)) return;
            throw ClientException.Usage(
                $"the argument '{TextEscaper.Escape(InvalidPart(bytes))}' is not valid UTF-8; pass keys and values as UTF-8 text");
        }
    }

    /// <summary>The kernel's copy of this process's command line: arguments that end in NUL; null where there is none.</summary>
    public static byte[]? ReadProcessCommandLine()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.ReadAllBytes("/proc/self/cmdline") : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>An argument's bytes.</summary>
    /// <exception cref="ClientException">It holds half of a surrogate pair.</exception>
    public static byte[] ToBytes(string argument)
    {
        try
        {
            return StrictUtf8.GetBytes(argument);
        }
        catch (EncoderFallbackException)
        {
            throw ClientException.Usage($"'{argument}' holds half of a surrogate pair and cannot be written as UTF-8");
        }
    }

    private static ReadOnlySpan<byte> InvalidPart(byte[] commandLine)
    {
        ReadOnlySpan<byte> rest = commandLine;
        while (true)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> argument = end < 0 ? rest : rest[..end];
            if (end < 0 || !Utf8.IsValid(argument)) return argument;
            rest = rest[(end + 1)..];
        }
    }
}
