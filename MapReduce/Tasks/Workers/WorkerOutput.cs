using System.Text;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>What a worker writes to standard error, which is also where user code's standard output goes: to the attempt's log; and the end of it is kept, for how the process died.</summary>
internal sealed class WorkerOutput
{
    private const int MostLineBytes = 4096;
    private const int MostLines = 12;
    private readonly Lock _lock = new();
    private readonly Queue<string> _last = new();
    private readonly List<string> _fatal = [];
    private AttemptLog? _log;
    private string _end = "";
    private TaskCompletionSource _ended = new();

    /// <summary>The lines that say why a process died, or else the last ones.</summary>
    public IReadOnlyList<string> LastWords
    {
        get
        {
            lock (_lock) return _fatal.Count > 0 ? [.. _fatal] : [.. _last];
        }
    }

    /// <summary>From now on all goes to this log. The task ends when the line was read.</summary>
    public Task Begin(AttemptLog log, string end)
    {
        lock (_lock)
        {
            _log = log;
            _end = end;
            _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _ended.Task;
        }
    }

    /// <summary>The log gets nothing any more, and what was said is forgotten.</summary>
    public void End()
    {
        lock (_lock)
        {
            _log = null;
            _last.Clear();
            _fatal.Clear();
        }
    }

    /// <summary>Reads until the stream ends.</summary>
    public void Read(Stream from)
    {
        byte[] buffer = new byte[16 * 1024];
        int used = 0;
        try
        {
            for (int read; (read = from.Read(buffer, used, buffer.Length - used)) > 0;)
            {
                used += read;
                int start = 0;
                for (int length; (length = buffer.AsSpan(start, used - start).IndexOf((byte)'\n')) >= 0; start += length + 1) Add(buffer.AsSpan(start, length));

                // A line of any length: in pieces.
                if (used - start >= MostLineBytes)
                {
                    Add(buffer.AsSpan(start, used - start));
                    start = used;
                }

                buffer.AsSpan(start, used - start).CopyTo(buffer);
                used -= start;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process was killed, and its pipe closed.
        }

        if (used > 0) Add(buffer.AsSpan(0, used));
        lock (_lock) _ended.TrySetResult();
    }

    // What is fatal begins with a line of the runtime's, and its story follows: stacks are long, and their beginning tells more than their end.
    private static bool IsFatal(string line) =>
        line.StartsWith("Stack overflow.", StringComparison.Ordinal) || line.StartsWith("Unhandled exception", StringComparison.Ordinal)
        || line.StartsWith("Process terminated.", StringComparison.Ordinal) || line.StartsWith("Out of memory.", StringComparison.Ordinal)
        || line.StartsWith("Fatal error", StringComparison.Ordinal);

    private void Add(ReadOnlySpan<byte> bytes)
    {
        string line = Encoding.UTF8.GetString(bytes).TrimEnd('\r');
        lock (_lock)
        {
            if (_end.Length > 0 && line.EndsWith(_end, StringComparison.Ordinal))
            {
                line = line[..^_end.Length];
                if (line.Length > 0) Keep(line);
                _end = "";
                _ended.TrySetResult();
                return;
            }

            Keep(line);
        }
    }

    private void Keep(string line)
    {
        _log?.Write(line);
        if (line.Length > MostLineBytes) line = line[..MostLineBytes];
        if (IsFatal(line)) _fatal.Clear();
        if (IsFatal(line) || _fatal.Count is > 0 and < MostLines) _fatal.Add(line);
        _last.Enqueue(line);
        if (_last.Count > MostLines) _last.Dequeue();
    }
}
