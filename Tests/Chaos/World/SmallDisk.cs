namespace Quorleans.Chaos;

/// <summary>A small file system in memory that a node keeps its data on, so that it can be filled.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Mebibytes = 640;
    private readonly string _path;
    private bool _isMounted;

    private SmallDisk(string path) => _path = path;

    /// <summary>The data directory on it.</summary>
    public string Data => Path.Combine(_path, "data");

    /// <summary>Whether it is full now.</summary>
    public bool IsFull { get; private set; }

    private string Ballast => Path.Combine(_path, "ballast");

    /// <summary>Mounts one.</summary>
    /// <param name="path">Where; made.</param>
    /// <param name="problem">Why not.</param>
    public static SmallDisk? TryMount(string path, out string? problem)
    {
        Directory.CreateDirectory(path);
        SmallDisk disk = new(path);
        problem = Tool.Run("mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={Mebibytes}m"), "tmpfs", path);
        if (problem is not null) return null;
        disk._isMounted = true;
        return disk;
    }

    /// <summary>Fills it to its last byte.</summary>
    public void Fill()
    {
        IsFull = true;
        using FileStream ballast = new(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] much = new byte[1 << 20];
        foreach (int bytes in (int[])[much.Length, 4096])
        {
            try
            {
                while (true) ballast.Write(much, 0, bytes);
            }
            catch (IOException)
            {
                // Full, but for what is less than that.
            }
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Empty()
    {
        File.Delete(Ballast);
        IsFull = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isMounted) return;
        _isMounted = false;
        if (Tool.Run("umount", _path) is not null) Tool.Run("umount", "-l", _path);
    }
}
