namespace Quorleans.Client.Interactive;

/// <summary>The lines of earlier consoles, kept in a file of the user's own. A file that cannot be read or written is done without.</summary>
internal sealed class CommandHistory
{
    private const int LinesMax = 1000;
    private const int LineCharsMax = 4096;
    private readonly string? _file;
    private readonly List<string> _lines = [];

    /// <param name="file">The file, or null to remember only while the process lives.</param>
    public CommandHistory(string? file)
    {
        _file = file;
        Attempt(Load);
    }

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Where the user's history is.</summary>
    public static string DefaultFile()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state))
        {
            state = OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        }

        return Path.Combine(state, "quorleans", "history");
    }

    /// <summary>Remembers a line, unless it repeats the last one.</summary>
    public void Add(string line)
    {
        if (line.Length is 0 or > LineCharsMax || (_lines.Count > 0 && _lines[^1] == line)) return;
        _lines.Add(line);
        if (_lines.Count > LinesMax) _lines.RemoveAt(0);
        Attempt(() => File.AppendAllText(_file!, line + "\n"));
    }

    private void Load()
    {
        if (!File.Exists(_file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);

            // Values are in it: only for its owner.
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using FileStream created = new(_file!, options);
            return;
        }

        string[] all = File.ReadAllLines(_file);
        _lines.AddRange(all.TakeLast(LinesMax));
        if (all.Length > 2 * LinesMax) File.WriteAllLines(_file, _lines);
    }

    private void Attempt(Action action)
    {
        if (_file is null) return;
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A console without a history is better than none.
        }
    }
}
