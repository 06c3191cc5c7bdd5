using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>The one rename by which an output appears.</summary>
internal static partial class FolderRename
{
    private const uint NoReplace = 1;
    private const uint Exchange = 2;
    private const int CurrentFolder = -100;
    private const int Exists = 17;
    private const int NotEmpty = 39;
    private const int Invalid = 22;
    private const int NoSuchCall = 38;

    /// <summary>Makes a folder appear as another.</summary>
    /// <param name="content">The folder. A file of that name is refused by the same call that would rename it.</param>
    /// <param name="target">What it becomes.</param>
    /// <param name="overwrite">Whether it may replace a folder; the old one then lies at <paramref name="content"/>, or at <paramref name="old"/>.</param>
    /// <param name="old">Where the old one may be put on file systems that do not know an exchange; must not exist.</param>
    /// <exception cref="MapReduceException">Something is there, or the rename failed: nothing has changed.</exception>
    public static void Publish(string content, string target, bool overwrite, string old)
    {
        if (!OperatingSystem.IsLinux())
        {
            Move(content, target, overwrite, old);
            return;
        }

        // With a separator behind it, the name can only be a folder's.
        string from = content + Path.DirectorySeparatorChar;
        if (Renameat2(CurrentFolder, from, CurrentFolder, target, NoReplace) == 0) return;
        int error = Marshal.GetLastPInvokeError();
        if (error is Exists or NotEmpty)
        {
            if (!overwrite) throw AlreadyThere(target);
            if (Renameat2(CurrentFolder, from, CurrentFolder, target, Exchange) == 0) return;
            error = Marshal.GetLastPInvokeError();
        }

        // Not every file system knows these kinds of rename.
        if (error is Invalid or NoSuchCall) Move(content, target, overwrite, old);
        else throw new MapReduceException(JobFailure.Output, $"the output {target} cannot be published: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>For an output that must not be there, but is.</summary>
    public static MapReduceException AlreadyThere(string target) =>
        new(JobFailure.Output, $"the output {target} exists; remove it, name another, or ask for it to be overwritten");

    /// <summary>The same where there is no such rename: for a moment, neither the old nor the new one is there.</summary>
    internal static void Move(string content, string target, bool overwrite, string old)
    {
        try
        {
            if (!Directory.Exists(content)) throw new DirectoryNotFoundException($"{content} is no folder");
            bool replaces = Directory.Exists(target);
            if (replaces && !overwrite) throw AlreadyThere(target);
            if (replaces) Directory.Move(target, old);
            try
            {
                Directory.Move(content, target);
            }
            catch (Exception e) when (replaces && (e is IOException or UnauthorizedAccessException))
            {
                // Whoever took the content away meanwhile did not mean the old output.
                Directory.Move(old, target);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MapReduceException(JobFailure.Output, $"the output {target} cannot be published: {e.Message}", e);
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Renameat2(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);
}
