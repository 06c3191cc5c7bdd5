using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Quorleans.Client;

/// <summary>Where a command writes: text, raw bytes, JSON lines and errors.</summary>
internal sealed class ClientOutput : IDisposable
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Stream _raw;
    private readonly ArrayBufferWriter<byte> _line = new(256);

    /// <param name="raw">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="isTerminal">Whether a person sees standard output: then values are escaped and colours are used.</param>
    public ClientOutput(Stream raw, TextWriter error, bool isTerminal)
    {
        _raw = raw;
        Out = new StreamWriter(raw, new UTF8Encoding(false), 4096, leaveOpen: true) { AutoFlush = true, NewLine = "\n" };
        Error = error;
        IsTerminal = isTerminal;
        Ansi = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Out),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        Ansi.Profile.Width = isTerminal ? Math.Clamp(TerminalWidth(), 40, 200) : 160;
    }

    /// <summary>Standard output as text, UTF-8, flushed with each write.</summary>
    public TextWriter Out { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard output for tables and colours; plain when it is no terminal.</summary>
    public IAnsiConsole Ansi { get; }

    /// <summary>Whether a person sees standard output.</summary>
    public bool IsTerminal { get; }

    /// <summary>The console of this process.</summary>
    public static ClientOutput OfProcess() =>
        new(Console.OpenStandardOutput(), Console.Error, !Console.IsOutputRedirected);

    /// <summary>Writes bytes as they are.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        _raw.Write(bytes);
        _raw.Flush();
    }

    /// <summary>Writes one JSON object in a line of its own.</summary>
    public void WriteJson(Action<Utf8JsonWriter> members)
    {
        _line.ResetWrittenCount();
        using (Utf8JsonWriter writer = new(_line, JsonOptions))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        _line.Write("\n"u8);
        WriteRaw(_line.WrittenSpan);
    }

    /// <summary>What stands before each error, such as a script's line number.</summary>
    public string ErrorPrefix { get; set; } = "";

    /// <summary>Writes the one line that says what went wrong.</summary>
    public void WriteError(string message) => Error.WriteLine($"error: {ErrorPrefix}{message.ReplaceLineEndings(" ")}");

    /// <inheritdoc/>
    public void Dispose() => Out.Dispose();

    private static int TerminalWidth()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            return 100;
        }
    }
}
