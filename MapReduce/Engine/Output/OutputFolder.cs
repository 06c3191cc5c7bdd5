namespace Quorleans.MapReduce.Engine;

/// <summary>
/// A job's output on its way: everything is built in a hidden folder beside the target, which appears by one rename, or not at all. Disposing
/// removes whatever was not published.
/// </summary>
public sealed class OutputFolder : IDisposable
{
    private const string LockName = "lock";
    private readonly bool _overwrite;
    private readonly string _staging;
    private FileStream? _lock;

    private OutputFolder(string target, bool overwrite)
    {
        Target = target;
        _overwrite = overwrite;
        _staging = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.mr-{Guid.NewGuid():n}");
        Content = Path.Combine(_staging, "output");
        Work = Path.Combine(_staging, "work");
    }

    /// <summary>Where the output will be.</summary>
    public string Target { get; }

    /// <summary>Where it is built.</summary>
    public string Content { get; }

    /// <summary>For temporary files.</summary>
    public string Work { get; }

    /// <summary>Begins an output.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="overwrite">Whether a folder that is there is replaced, in the moment of publication.</param>
    /// <exception cref="MapReduceException">It exists, or its parent cannot be written.</exception>
    public static OutputFolder Begin(string path, bool overwrite)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(target) is null) throw new MapReduceException(JobFailure.Output, $"{target} cannot be an output folder");
        if (File.Exists(target)) throw new MapReduceException(JobFailure.Output, $"the output {target} is a file; name a folder");
        if (!overwrite && Directory.Exists(target)) throw FolderRename.AlreadyThere(target);
        OutputFolder folder = new(target, overwrite);
        try
        {
            Directory.CreateDirectory(folder.Content);
            Directory.CreateDirectory(folder.Work);
            folder._lock = Hold(folder._staging);
            folder.RemoveAbandoned();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            folder.Dispose();
            throw new MapReduceException(JobFailure.Output, $"the output {target} cannot be created: {e.Message}", e);
        }

        return folder;
    }

    /// <summary>Makes the output appear.</summary>
    /// <param name="durable">Whether it must survive a power loss from then on.</param>
    /// <exception cref="MapReduceException">Something is there by now, or the rename failed: nothing was published.</exception>
    public void Publish(bool durable)
    {
        if (durable) DurableFiles.SyncFolder(Content);
        FolderRename.Publish(Content, Target, _overwrite, Path.Combine(_staging, "old"));
        if (durable) DurableFiles.SyncFolder(Path.GetDirectoryName(Target)!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Held until nothing is left, so that nobody else removes it meanwhile.
        Remove(_staging);
        _lock?.Dispose();
    }

    // A process that was killed leaves its folder; the next one for the same output removes it. A folder in use is held by its process.
    private void RemoveAbandoned()
    {
        foreach (string other in Directory.EnumerateDirectories(Path.GetDirectoryName(Target)!, $".{Path.GetFileName(Target)}.mr-*"))
        {
            if (other == _staging || !File.Exists(Path.Combine(other, LockName))) continue;
            try
            {
                using FileStream held = Hold(other);
                Remove(other);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is in use, or not ours to remove.
            }
        }
    }

    private static FileStream Hold(string folder) => new(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It was never created.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The job's result stands, or the reason why there is none is on its way.
        }
    }
}
