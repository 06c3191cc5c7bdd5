using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Quorleans.Raft.Storage;

/// <summary>
/// The system calls that .NET does not offer or whose errors it hides: on Linux, <c>FileStream.Flush(true)</c> and
/// <c>RandomAccess.FlushToDisk</c> of .NET 10 return normally when fsync fails.
/// </summary>
internal static partial class Posix
{
    internal const int Eperm = 1, Eintr = 4, Eagain = 11, Eacces = 13, Efbig = 27, Enospc = 28, Erofs = 30, Edquot = 122;

    /// <summary>Makes a file's bytes durable.</summary>
    internal static void SyncFile(SafeFileHandle handle, string path)
    {
        while (FDataSync(handle) != 0) ThrowUnlessInterrupted("fdatasync", path);
    }

    /// <summary>Makes a directory's names durable.</summary>
    internal static void SyncDirectory(string path)
    {
        // O_RDONLY is 0 everywhere; the directory flag is not needed and has another value on each architecture.
        int descriptor;
        while ((descriptor = Open(path, 0)) < 0) ThrowUnlessInterrupted("open", path);
        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        while (FSync(handle) != 0) ThrowUnlessInterrupted("fsync", path);
    }

    /// <summary>Turns .NET's exception into a typed one.</summary>
    internal static DiskException Translate(string operation, string path, Exception cause)
    {
        // On Unix the HResult of an IOException from the system is the error number.
        int errno = cause.HResult is > 0 and < 4096 ? cause.HResult : 0;
        return errno is Enospc or Edquot
            ? new DiskFullException(operation, path, errno, cause)
            : new DiskException(operation, path, errno, cause);
    }

    private static void ThrowUnlessInterrupted(string operation, string path)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno == Eintr) return;
        if (errno is Enospc or Edquot) throw new DiskFullException(operation, path, errno);
        throw new DiskException(operation, path, errno);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle descriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
