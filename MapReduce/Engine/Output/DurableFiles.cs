using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.MapReduce.Engine;

/// <summary>What must be on the disk itself. The runtime's own flush hides errors of the disk on Linux, so that the system is called directly.</summary>
internal static partial class DurableFiles
{
    private const int Interrupted = 4;
    private const int NotSupported = 22;

    public static void Sync(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (Fsync(file) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Interrupted) continue;
            throw WorkFiles.Failed("written to the disk", path, new IOException(Marshal.GetPInvokeErrorMessage(error), error));
        }
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        int folder = Open(path, 0);
        if (folder < 0) throw Failed(path);
        using SafeFileHandle handle = new(folder, ownsHandle: true);
        while (Fsync(handle) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Interrupted) continue;
            if (error == NotSupported) return;
            throw Failed(path);
        }
    }

    private static MapReduceException Failed(string path) =>
        WorkFiles.Failed("written to the disk", path, new IOException(Marshal.GetLastPInvokeErrorMessage(), Marshal.GetLastPInvokeError()));

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
