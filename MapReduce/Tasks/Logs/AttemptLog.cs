using System.Text;

namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// What is kept of an attempt for people: lines with the time, in a file that takes so much and no more. A log that cannot be written is no
/// reason for a task to fail. Safe for several threads.
/// </summary>
public sealed class AttemptLog : IDisposable
{
    /// <summary>A file takes as many bytes.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>How a line's time is written.</summary>
    internal const string StampFormat = "yyyy-MM-dd HH:mm:ss.fff'Z '";

    private readonly Lock _lock = new();
    private readonly string _path = "";
    private readonly TimeProvider? _time;
    private Stream? _file;
    private long _written;
    private bool _full;

    /// <param name="path">The file, which is made when there is something to write; its folder exists. A second attempt to write one goes on behind the first.</param>
    /// <param name="time">The clock.</param>
    public AttemptLog(string path, TimeProvider time) => (_path, _time) = (path, time);

    /// <param name="to">Takes the lines, without the time: for a worker, whose lines go on to a log in another process.</param>
    public AttemptLog(Stream to) => _file = to;

    /// <summary>Adds text; each of its lines becomes one.</summary>
    public void Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        lock (_lock)
        {
            if (_full) return;
            string? stamp = _time?.GetUtcNow().ToString(StampFormat, System.Globalization.CultureInfo.InvariantCulture);
            StringBuilder lines = new();
            foreach (ReadOnlySpan<char> line in text.AsSpan().TrimEnd('\n').EnumerateLines()) lines.Append(stamp).Append(line).Append('\n');
            Append(Encoding.UTF8.GetBytes(lines.ToString()));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _full = true;
            _file?.Dispose();
            _file = null;
        }
    }

    private void Append(byte[] bytes)
    {
        try
        {
            _file ??= new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (_written + bytes.Length > MostBytes)
            {
                bytes = "… the log is full\n"u8.ToArray();
                _full = true;
            }

            _file.Write(bytes);
            _written += bytes.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _full = true;
        }
    }
}
