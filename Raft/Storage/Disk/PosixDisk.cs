using Microsoft.Win32.SafeHandles;

namespace Quorleans.Raft.Storage;

/// <summary>A directory on a real disk.</summary>
public sealed class PosixDisk : IDisk
{
    private static readonly byte[] Zeros = new byte[64 << 10];

    /// <summary>Takes a directory that exists.</summary>
    /// <param name="path">The directory.</param>
    public PosixDisk(string path) => Path = System.IO.Path.GetFullPath(path);

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        try
        {
            List<string> names = [];
            foreach (string file in Directory.EnumerateFiles(Path)) names.Add(System.IO.Path.GetFileName(file));
            names.Sort(StringComparer.Ordinal);
            return names;
        }
        catch (Exception cause) when (IsDisk(cause))
        {
            throw Posix.Translate("list", Path, cause);
        }
    }

    /// <inheritdoc/>
    public bool Exists(string name) => File.Exists(Full(name));

    /// <inheritdoc/>
    public IDiskFile Open(string name) => Open(name, FileMode.Open);

    /// <inheritdoc/>
    public IDiskFile Create(string name) => Open(name, FileMode.Create);

    /// <inheritdoc/>
    public IDiskFile Allocate(string name, long bytes)
    {
        PosixDiskFile file = Open(name, FileMode.CreateNew);
        try
        {
            for (long at = 0; at < bytes; at += Zeros.Length) file.Write(at, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, bytes - at)));
            file.Sync();
            SyncDirectory();
            return file;
        }
        catch (DiskException)
        {
            file.Dispose();
            Delete(name);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        try
        {
            File.Move(Full(from), Full(to), overwrite: true);
        }
        catch (Exception cause) when (IsDisk(cause))
        {
            throw Posix.Translate("rename", Full(from), cause);
        }
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        try
        {
            File.Delete(Full(name));
        }
        catch (Exception cause) when (IsDisk(cause))
        {
            throw Posix.Translate("delete", Full(name), cause);
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory() => Posix.SyncDirectory(Path);

    internal static bool IsDisk(Exception cause) => cause is (IOException and not DiskException) or UnauthorizedAccessException;

    private PosixDiskFile Open(string name, FileMode mode)
    {
        string path = Full(name);
        try
        {
            SafeFileHandle handle = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return new PosixDiskFile(handle, name, path);
        }
        catch (Exception cause) when (IsDisk(cause))
        {
            throw Posix.Translate("open", path, cause);
        }
    }

    private string Full(string name)
    {
        if (name.Length == 0 || name != System.IO.Path.GetFileName(name) || name is "." or "..")
            throw new ArgumentException($"'{name}' is not a plain file name.", nameof(name));
        return System.IO.Path.Combine(Path, name);
    }
}

/// <summary>An open file on a real disk.</summary>
internal sealed class PosixDiskFile(SafeFileHandle handle, string name, string path) : IDiskFile
{
    public string Name => name;

    public long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(handle);
            }
            catch (Exception cause) when (PosixDisk.IsDisk(cause))
            {
                throw Posix.Translate("stat", path, cause);
            }
        }
    }

    public int Read(long offset, Span<byte> destination)
    {
        try
        {
            int total = 0;
            while (total < destination.Length)
            {
                int read = RandomAccess.Read(handle, destination[total..], offset + total);
                if (read == 0) break;
                total += read;
            }

            return total;
        }
        catch (Exception cause) when (PosixDisk.IsDisk(cause))
        {
            throw Posix.Translate("read", path, cause);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        try
        {
            RandomAccess.Write(handle, source, offset);
        }
        catch (Exception cause) when (PosixDisk.IsDisk(cause))
        {
            throw Posix.Translate("write", path, cause);
        }
        catch (ArgumentOutOfRangeException cause)
        {
            // What .NET makes of EFBIG: files may not become so large here (ulimit -f, or the file system).
            throw new DiskException("write", path, Posix.Efbig, cause);
        }
    }

    public void Sync() => Posix.SyncFile(handle, path);

    public void Dispose() => handle.Dispose();
}
