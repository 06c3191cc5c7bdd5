using System.ComponentModel;
using System.Diagnostics;

namespace Quorleans.Tests.Shared;

/// <summary>A directory of its own for a test, on the disk or on a small file system of its own.</summary>
internal sealed class TestDirectory : IDisposable
{
    private readonly bool _isMount;

    private TestDirectory(string path, bool isMount) => (Path, _isMount) = (path, isMount);

    public string Path { get; }

    public static TestDirectory OnDisk() => new(Directory.CreateTempSubdirectory("quorleans-").FullName, isMount: false);

    /// <summary>Mounts a memory file system. Skips the test where this process may not.</summary>
    /// <param name="mebibytes">Its size.</param>
    public static TestDirectory OnSmallFileSystem(int mebibytes)
    {
        string path = Directory.CreateTempSubdirectory("quorleans-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", path) is not { } problem) return new TestDirectory(path, isMount: true);
        Directory.Delete(path);
        Assert.Skip($"A file system of its own is needed, and this process may not mount one: {problem}");
        throw new UnreachableException();
    }

    /// <summary>Makes the file system read-only, or writable again.</summary>
    public void Remount(bool readOnly) => Assert.Null(Run("mount", "-o", readOnly ? "remount,ro" : "remount,rw", Path));

    /// <summary>Fills the file system to its last byte.</summary>
    /// <returns>The file that does; deleting it gives the space back.</returns>
    public string Fill(long leave = 0)
    {
        string name = System.IO.Path.Combine(Path, "ballast");
        using FileStream ballast = new(name, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] page = new byte[4096];
        try
        {
            while (leave == 0 || new DriveInfo(Path).AvailableFreeSpace > leave) ballast.Write(page);
        }
        catch (IOException)
        {
            // Full.
        }

        return name;
    }

    public void Dispose()
    {
        if (_isMount && Run("umount", Path) is not null) Run("umount", "-l", Path);
        Directory.Delete(Path, recursive: true);
    }

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }
}
