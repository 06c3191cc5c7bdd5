using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Quorleans.Chaos;

/// <summary>What happens, for a person and for the file that is kept; what is counted; and what is wrong.</summary>
internal sealed class Log : IDisposable
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly Lock _lock = new();
    private StreamWriter? _file;

    /// <summary>What is wrong.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>Writes to a file too.</summary>
    public void Open(string path)
    {
        lock (_lock) _file = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>Says something.</summary>
    public void Say(FormattableString text) => Write(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Something must not have happened.</summary>
    public void Violate(string what)
    {
        _violations.Enqueue(what);
        Write($"VIOLATION: {what}");
    }

    /// <summary>Counts.</summary>
    public void Count(string what) => _counts.AddOrUpdate(what, 1, static (_, count) => count + 1);

    /// <summary>How often something was counted.</summary>
    public int CountOf(string what) => _counts.GetValueOrDefault(what);

    /// <summary>All counts, by name.</summary>
    public string Counts(Func<string, bool> which) =>
        string.Join(", ", _counts.Where(count => which(count.Key)).OrderBy(static count => count.Key, StringComparer.Ordinal).Select(static count => string.Create(CultureInfo.InvariantCulture, $"{count.Key} {count.Value}")));

    /// <summary>Closes the file.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Write(string text)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_start).TotalSeconds,7:F1} s  {text}");
        lock (_lock)
        {
            Console.Out.WriteLine(line);
            _file?.WriteLine(line);
        }
    }
}
