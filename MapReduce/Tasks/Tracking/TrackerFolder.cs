using System.Globalization;
using System.Text;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// What a tracker has on its disk: <c>work/INCARNATION/JOB/TASK-ATTEMPT</c>, of which nothing outlives it, and <c>logs/JOB/TASK-ATTEMPT.log</c>. The
/// incarnation keeps threads that an earlier start left behind from writing among the files of this one.
/// </summary>
internal sealed class TrackerFolder
{
    private const int MostLogBytes = 2 << 20;
    private readonly string _logs;
    private readonly int _keptLogs;

    public TrackerFolder(TrackerOptions options, string incarnation)
    {
        string work = Path.Combine(Path.GetFullPath(options.Folder), "work");
        Work = Path.Combine(work, incarnation);
        _logs = Path.Combine(Path.GetFullPath(options.Folder), "logs");
        _keptLogs = options.KeptLogs;
        TryDelete(work);
        Directory.CreateDirectory(Work);
        Directory.CreateDirectory(_logs);
    }

    /// <summary>The folder of this start's attempts.</summary>
    public string Work { get; }

    /// <summary>Makes an attempt's folder.</summary>
    public string Begin(AttemptKey key)
    {
        string folder = FolderOf(key);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Makes an attempt's log.</summary>
    public AttemptLog BeginLog(AttemptKey key, TimeProvider time)
    {
        string folder = Path.Combine(_logs, key.Job);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            PruneLogs();
        }

        return new AttemptLog(Path.Combine(folder, $"{NameOf(key)}.log"), time);
    }

    /// <summary>Removes what an attempt has left.</summary>
    public void Remove(AttemptKey key) => TryDelete(FolderOf(key));

    /// <summary>Removes what a job has left, but for its logs.</summary>
    public void Forget(string job) => TryDelete(Path.Combine(Work, job));

    /// <summary>The logs of a job, oldest first; of too many, the newest ones.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="task">One task; null: all.</param>
    /// <param name="node">The tracker's name.</param>
    public IReadOnlyList<AttemptTranscript> ReadLogs(string job, string? task, string node)
    {
        if (!IsName(job)) return [];
        DirectoryInfo folder = new(Path.Combine(_logs, job));
        if (!folder.Exists) return [];
        List<AttemptTranscript> logs = [];
        long left = MostLogBytes;
        foreach (FileInfo file in folder.EnumerateFiles("*.log").OrderByDescending(static file => file.LastWriteTimeUtc).ThenBy(static file => file.Name, StringComparer.Ordinal))
        {
            if (!TryParse(job, Path.GetFileNameWithoutExtension(file.Name), out AttemptKey key) || (task is not null && key.Task.ToString() != task)) continue;
            string text = Read(file);
            left -= text.Length;
            if (left < 0) break;
            logs.Add(new AttemptTranscript(key, node, StartOf(text, file), text));
        }

        logs.Reverse();
        return logs;
    }

    /// <summary>Whether a job's id may be the name of a folder.</summary>
    public static bool IsName(string job) => job.Length is > 0 and <= 64 && job.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private string FolderOf(AttemptKey key) => Path.Combine(Work, key.Job, NameOf(key));

    private static string NameOf(AttemptKey key) => $"{key.Task}-{key.Attempt}";

    // The inverse of NameOf: [step.]kind-index-gGaA.
    private static bool TryParse(string job, string name, out AttemptKey key)
    {
        key = default;
        string[] parts = name.Split('-');
        if (parts.Length != 3) return false;
        int dot = parts[0].IndexOf('.', StringComparison.Ordinal);
        int step = 0;
        if (dot >= 0 && (!int.TryParse(parts[0].AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out step) || --step < 0)) return false;
        int a = parts[2].IndexOf('a', StringComparison.Ordinal);
        if (!Enum.TryParse(parts[0].AsSpan(dot + 1), ignoreCase: true, out TaskKind kind) || a < 2
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            || !int.TryParse(parts[2].AsSpan(1, a - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int generation)
            || !int.TryParse(parts[2].AsSpan(a + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return false;
        key = new AttemptKey(job, new TaskId(step, kind, index), new AttemptId(generation, number));
        return true;
    }

    private static string Read(FileInfo file)
    {
        try
        {
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using StreamReader reader = new(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"(cannot be read: {e.Message})";
        }
    }

    private static long StartOf(string text, FileInfo file)
    {
        ReadOnlySpan<char> stamp = text.AsSpan(0, Math.Min(text.Length, AttemptLog.StampFormat.Length - 4)).TrimEnd();
        DateTimeOffset start = DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset parsed) ? parsed : file.CreationTimeUtc;
        return start.ToUnixTimeMilliseconds();
    }

    // Ids begin with the time of the submission: the last by name are the newest.
    private void PruneLogs()
    {
        foreach (string old in Directory.EnumerateDirectories(_logs).OrderDescending(StringComparer.Ordinal).Skip(_keptLogs)) TryDelete(old);
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A thread that was left behind may have made a file just now. The next start removes it.
        }
    }
}
