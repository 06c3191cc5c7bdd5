using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// A job's output on a file system that no lock guards: the coordinators of two generations may both believe that the job is theirs, and one of
/// them may be paused between any two calls. What decides is one rename each: the older one's folder becomes the output, or the younger one
/// takes it away before. What a journal says is for the callers.
/// </summary>
/// <remarks>
/// Whether a generation has published shows in the staging folder alone, since the output may be another job's by now, which overwrote it: a mark says
/// that the generation's folder was whole and about to be renamed; and the folder, which bears the job's id in its report, is neither in its place nor
/// among those that were taken away.
/// </remarks>
public sealed class JobOutput
{
    private const int MostTries = 1000;
    private const string SuccessName = "_SUCCESS";
    private readonly Func<string, string, bool> _tryLink;
    private readonly Action<string> _reached;

    /// <summary>On the real file system.</summary>
    public JobOutput() : this(Posix.TryLink, static _ => { })
    {
    }

    /// <param name="tryLink">Gives a file a second name, or says that it does not work.</param>
    /// <param name="reached">Is told of each step before it is done; tests pause one coordinator there and let another act.</param>
    internal JobOutput(Func<string, string, bool> tryLink, Action<string> reached) => (_tryLink, _reached) = (tryLink, reached);

    /// <summary>Makes the job's staging folder; harmless when it is there.</summary>
    /// <param name="spec">The job.</param>
    /// <exception cref="MapReduceException">The output exists and is not to be overwritten, or its parent cannot be written.</exception>
    public static void Begin(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (Path.GetDirectoryName(spec.Output) is null || Path.GetFileName(spec.Output).Length == 0 || Path.GetFullPath(spec.Output) != spec.Output)
            throw new MapReduceException(JobFailure.Output, $"{spec.Output} cannot be an output folder: name one by its full path");
        if (File.Exists(spec.Output)) throw new MapReduceException(JobFailure.Output, $"the output {spec.Output} is a file; name a folder");
        if (!spec.Overwrite && Directory.Exists(spec.Output) && !IsOurs(spec)) throw FolderRename.AlreadyThere(spec.Output);
        try
        {
            Directory.CreateDirectory(JobPaths.Staging(spec));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MapReduceException(JobFailure.Output, $"the output {spec.Output} cannot be created: {e.Message}", e);
        }
    }

    /// <summary>Puts the output together and makes it appear. May be repeated.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="generation">The caller's generation. Those before must have been taken away.</param>
    /// <param name="winners">The output files, by reduce task. They stay where they are, so that a later generation could do it again.</param>
    /// <param name="reportJson">The report, with the job's id (<see cref="JobReport.ToJson"/>): by it the output shows whose it is.</param>
    /// <param name="cancellation">Ends it before anything appears.</param>
    /// <exception cref="MapReduceException">It does not work, or something else is there: nothing was published.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled: nothing was published.</exception>
    public JobPublication Publish(JobSpec spec, int generation, IReadOnlyList<string> winners, byte[] reportJson, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(winners);
        if (JobReport.IdOf(reportJson) != spec.Id) throw new ArgumentException($"the report does not bear the id {spec.Id}", nameof(reportJson));
        if (WasPublished(spec, generation)) return JobPublication.AlreadyPublished;
        string content = JobPaths.Content(spec, generation);
        bool isMade = false;
        try
        {
            Unmark(spec, generation);
            Make(content);
            isMade = true;
            Fill(spec, content, winners, reportJson, cancellation);
            cancellation.ThrowIfCancellationRequested();
            _reached("mark");
            Mark(spec, generation);
            _reached("rename");
            FolderRename.Publish(content, spec.Output, spec.Overwrite, Path.Combine(JobPaths.Staging(spec), $"old-g{generation}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MapReduceException)
        {
            if (WasPublished(spec, generation)) return JobPublication.AlreadyPublished;
            if (WasTakenAway(spec, content) || (isMade && !Directory.Exists(content))) return JobPublication.TakenAway;
            throw e as MapReduceException ?? new MapReduceException(JobFailure.Output, $"the output {spec.Output} cannot be put together: {e.Message}", e);
        }

        _reached("published");
        SyncName(spec);
        return JobPublication.Published;
    }

    /// <summary>
    /// Makes sure that a generation never publishes from now on, even if it is paused anywhere and wakes up: what it has built is renamed away,
    /// and a file takes its place, which is no folder and so cannot be built in or published.
    /// </summary>
    /// <param name="spec">The job.</param>
    /// <param name="generation">An earlier generation.</param>
    /// <returns>True when the job's output had been published already.</returns>
    /// <exception cref="MapReduceException">It does not work.</exception>
    public bool TakeAway(JobSpec spec, int generation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        string content = JobPaths.Content(spec, generation);
        try
        {
            // Between a rename and the file, the other one may have made its folder again.
            for (int n = 0; Directory.Exists(JobPaths.Staging(spec)); n++)
            {
                if (n == MostTries) throw new IOException($"{content} comes back again and again");
                _reached("take");
                if (Directory.Exists(content)) MoveAway(content, Path.Combine(JobPaths.Staging(spec), string.Create(CultureInfo.InvariantCulture, $"{DeadName(generation)}{n}-{Guid.NewGuid():n}")));
                _reached("bar");
                if (TryBar(content)) break;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MapReduceException(JobFailure.Output, $"the output of generation {generation} of job {spec.Id} cannot be taken away: {e.Message}", e);
        }

        // Only now: before, it could still have appeared.
        return WasPublished(spec, generation);
    }

    /// <summary>Removes the job's staging folder. Nothing of the job can be published after that by anybody.</summary>
    /// <param name="spec">The job.</param>
    /// <exception cref="MapReduceException">Something of it stays.</exception>
    public void Remove(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        string staging = JobPaths.Staging(spec);
        _reached("remove");
        for (int tries = 1; ; tries++)
        {
            try
            {
                if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // An attempt that does not know yet that it is to stop may just have made a file.
                if (tries == MostTries) throw new MapReduceException(JobFailure.Output, $"{staging} cannot be removed: {e.Message}", e);
            }
        }
    }

    private void Make(string content)
    {
        _reached("make");
        while (!Posix.MakeFolder(content))
        {
            if (!Directory.Exists(content)) throw new IOException($"{content} is no folder");
            Directory.Delete(content, recursive: true);
        }
    }

    private void Fill(JobSpec spec, string content, IReadOnlyList<string> winners, byte[] reportJson, CancellationToken cancellation)
    {
        WorkFiles files = new(content);
        for (int i = 0; i < winners.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _reached("link");
            string name = Path.Combine(content, JobPaths.OutputName(i));
            if (!_tryLink(winners[i], name)) Copy(winners[i], name, spec.Durable);
        }

        _reached("report");
        Write(files, JobReport.FileName, reportJson, spec.Durable);
        Write(files, SuccessName, [], spec.Durable);
        if (spec.Durable) DurableFiles.SyncFolder(content);
    }

    private static void Copy(string from, string to, bool durable)
    {
        File.Copy(from, to);
        if (!durable) return;
        using SafeFileHandle file = File.OpenHandle(to, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        DurableFiles.Sync(file, to);
    }

    private static void Write(WorkFiles files, string name, byte[] bytes, bool durable)
    {
        string path = Path.Combine(files.Folder, name);
        using SafeFileHandle file = files.Create(path);
        if (bytes.Length > 0) files.Write(file, path, bytes, 0);
        if (durable) DurableFiles.Sync(file, path);
    }

    // The output is there and whole, whatever comes now: an error here must not be taken for "nothing was published".
    private static void SyncName(JobSpec spec)
    {
        if (!spec.Durable) return;
        try
        {
            DurableFiles.SyncFolder(Path.GetDirectoryName(spec.Output)!);
        }
        catch (MapReduceException)
        {
            // If the power goes now, the folder's name may be lost; that cannot be mended by doing it again.
        }
    }

    private static bool WasTakenAway(JobSpec spec, string content) => File.Exists(content) || !Directory.Exists(JobPaths.Staging(spec));

    private static string DeadName(int generation) => string.Create(CultureInfo.InvariantCulture, $"dead-g{generation}-");

    private static string MarkOf(JobSpec spec, int generation) => Path.Combine(JobPaths.Staging(spec), string.Create(CultureInfo.InvariantCulture, $"whole-g{generation}"));

    // On the disk before the rename is: a mark without a rename is nothing, but a rename without a mark could be done twice.
    private static void Mark(JobSpec spec, int generation)
    {
        WorkFiles files = new(JobPaths.Staging(spec));
        Write(files, Path.GetFileName(MarkOf(spec, generation)), [], spec.Durable);
        if (spec.Durable) DurableFiles.SyncFolder(files.Folder);
    }

    // Before the folder that it speaks of goes: else it would seem to have become the output.
    private static void Unmark(JobSpec spec, int generation)
    {
        string mark = MarkOf(spec, generation);
        if (!File.Exists(mark)) return;
        File.Delete(mark);
        if (spec.Durable) DurableFiles.SyncFolder(JobPaths.Staging(spec));
    }

    private static bool WasPublished(JobSpec spec, int generation)
    {
        if (IsOurs(spec)) return true;
        if (!File.Exists(MarkOf(spec, generation)) || IsOurs(JobPaths.Content(spec, generation), spec.Id)) return false;
        try
        {
            foreach (string dead in Directory.EnumerateDirectories(JobPaths.Staging(spec), $"{DeadName(generation)}*"))
                if (IsOurs(dead, spec.Id)) return false;
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            // The job has ended, and was swept.
            return false;
        }
    }

    private static bool IsOurs(JobSpec spec) => IsOurs(spec.Output, spec.Id);

    private static bool IsOurs(string folder, string id)
    {
        try
        {
            string report = Path.Combine(folder, JobReport.FileName);
            return File.Exists(report) && JobReport.IdOf(File.ReadAllBytes(report)) == id;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static void MoveAway(string content, string to)
    {
        try
        {
            Directory.Move(content, to);
        }
        catch (DirectoryNotFoundException)
        {
            // It became the output a moment ago, or the staging folder was removed.
        }
    }

    private static bool TryBar(string content)
    {
        try
        {
            using FileStream bar = new(content, FileMode.CreateNew, FileAccess.Write);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when ((e is IOException or UnauthorizedAccessException) && Path.Exists(content))
        {
            return File.Exists(content);
        }
    }
}
