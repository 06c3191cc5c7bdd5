using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Tasks;

/// <summary>What the runtime does not offer.</summary>
internal static partial class Posix
{
    private const int ThisThread = 0;
    private const int PriorityOfProcess = 0;
    private const int Exists = 17;

    /// <summary>Makes a folder, but not those above it.</summary>
    /// <returns>False when something of that name is there.</returns>
    /// <exception cref="IOException">It cannot be made, for instance because the folder that it is to be in is gone.</exception>
    public static bool MakeFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            if (Path.Exists(path)) return false;
            if (!Directory.Exists(Path.GetDirectoryName(path))) throw new DirectoryNotFoundException($"{Path.GetDirectoryName(path)} does not exist");
            Directory.CreateDirectory(path);
            return true;
        }

        if (Mkdir(path, 0x1FF) == 0) return true;
        int error = Marshal.GetLastPInvokeError();
        return error == Exists ? false : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    /// <summary>Gives a file a second name.</summary>
    /// <returns>False when that does not work there: not every file system has such names.</returns>
    public static bool TryLink(string path, string name) => OperatingSystem.IsLinux() && Link(path, name) == 0;

    /// <summary>From now on other threads come first. On Linux a priority belongs to a thread; elsewhere nothing happens.</summary>
    public static void LowerPriority()
    {
        // Raft in the same process must not wait for map functions; a thread that keeps its priority still works.
        if (OperatingSystem.IsLinux()) _ = SetPriority(PriorityOfProcess, ThisThread, 10);
    }

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mkdir(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string path, string name);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int value);
}
