using Xunit;

namespace Quorleans.Raft.Tests;

/// <summary>
/// Bytes that an earlier version of the program has written, in <c>testdata</c>, a line of hexadecimal digits each. They are never changed: what they say must be understood for
/// ever. <c>QUORLEANS_WRITE_FIXTURES=1</c> writes a file that is not there yet.
/// </summary>
internal static class Fixtures
{
    /// <summary>A file's lines.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="write">What stands in it when it is written.</param>
    internal static string[] Lines(string name, Func<IEnumerable<string>> write)
    {
        string file = Path.Combine(Folder(), name);
        if (!File.Exists(file) && Environment.GetEnvironmentVariable("QUORLEANS_WRITE_FIXTURES") == "1") File.WriteAllLines(file, write());
        Assert.True(File.Exists(file), $"The fixture {name} is missing; QUORLEANS_WRITE_FIXTURES=1 writes a new one.");
        return File.ReadAllLines(file);
    }

    /// <summary>The folder <c>testdata</c>.</summary>
    internal static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "testdata");
            if (Directory.Exists(candidate)) return candidate;
        }

        throw new DirectoryNotFoundException($"No folder testdata at or above {AppContext.BaseDirectory}.");
    }
}
