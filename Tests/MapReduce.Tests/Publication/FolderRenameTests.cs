using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests.Publication;

/// <summary>What stands in where the system has no rename that refuses or exchanges.</summary>
public sealed class FolderRenameTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("quorleans-mr-").FullName;

    private string Content => Path.Combine(_root, "content");

    private string Target => Path.Combine(_root, "target");

    private string Old => Path.Combine(_root, "old");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Content_BecomesTheTarget(bool overwrite)
    {
        Make(Content);
        if (overwrite) Make(Target);
        FolderRename.Move(Content, Target, overwrite, Old);
        Assert.Equal("content", Read(Target));
        Assert.False(Directory.Exists(Content));
        Assert.Equal(overwrite, Directory.Exists(Old));
    }

    [Fact]
    public void Target_IsRefused_WithoutOverwriting()
    {
        Make(Content);
        Make(Target);
        Assert.Contains("exists", Assert.Throws<MapReduceException>(() => FolderRename.Move(Content, Target, overwrite: false, Old)).Message);
        Assert.Equal(("target", "content"), (Read(Target), Read(Content)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OldTarget_Stays_WhenThereIsNoContent(bool isBarred)
    {
        // A later coordinator has taken it away, and put a file in its place.
        if (isBarred) File.WriteAllText(Content, "");
        Make(Target);
        Assert.Throws<MapReduceException>(() => FolderRename.Move(Content, Target, overwrite: true, Old));
        Assert.Equal("target", Read(Target));
        Assert.False(Directory.Exists(Old));
    }

    private static void Make(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "name"), Path.GetFileName(folder));
    }

    private static string Read(string folder) => File.ReadAllText(Path.Combine(folder, "name"));
}
