namespace Quorleans.Cluster.Tests.Embedded;

/// <summary>A directory of its own for a test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("quorleans-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
