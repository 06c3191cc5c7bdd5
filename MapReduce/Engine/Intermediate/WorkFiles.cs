using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>Where a job's temporary files and its output lie until they are published. Tests put a failing disk here.</summary>
public class WorkFiles
{
    private const int ErrorNoSpace = 28;
    private const int ErrorQuota = 122;
    private int _next;

    /// <param name="folder">An existing folder of the job's own.</param>
    public WorkFiles(string folder) => Folder = folder;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>A path in the folder that nobody got before.</summary>
    public string NewPath(string prefix) => Path.Combine(Folder, $"{prefix}-{Interlocked.Increment(ref _next)}");

    /// <summary>Creates a file; what exists is replaced.</summary>
    /// <exception cref="MapReduceException">It cannot be created.</exception>
    public virtual SafeFileHandle Create(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("created", path, e);
        }
    }

    /// <summary>Writes bytes at a place in a file.</summary>
    /// <exception cref="MapReduceException">The disk is full or failing.</exception>
    public void Write(SafeFileHandle file, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            WriteCore(file, bytes, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("written", path, e);
        }
    }

    /// <summary>Writes bytes.</summary>
    protected virtual void WriteCore(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    internal static MapReduceException Failed(string what, string path, Exception e) => e is IOException { HResult: ErrorNoSpace or ErrorQuota }
        ? new MapReduceException(JobFailure.DiskFull, $"no space left on the disk of {path}: make room there, or choose another folder", e)
        : new MapReduceException(JobFailure.Storage, $"{path} cannot be {what}: {e.Message}", e);
}
