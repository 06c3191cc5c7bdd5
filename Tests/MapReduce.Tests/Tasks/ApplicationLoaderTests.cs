using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

/// <summary>Users' assemblies that were built for other versions of the interfaces.</summary>
public sealed class ApplicationLoaderTests : IDisposable
{
    private static readonly Version Ours = typeof(IMapReduceApplication).Assembly.GetName().Version!;
    private readonly string _root = Directory.CreateTempSubdirectory("quorleans-mr-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Assembly_ForThisVersion_IsLoaded() =>
        Assert.Equal(typeof(Samples.WordCount.WordCount).FullName, ApplicationLoader.Load(Built(Ours.Major, Ours.Minor)).GetType().FullName);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(2, 0)]
    public void Assembly_ForAnotherVersion_IsRefused_AndBothAreNamed(int major, int minor)
    {
        string path = Built(Ours.Major + major, Ours.Minor + minor);
        ApplicationLoadException refused = Assert.Throws<ApplicationLoadException>(() => ApplicationLoader.Load(path));
        Assert.Equal(
            $"{path} was built for version {Ours.Major + major}.{Ours.Minor + minor} of Quorleans.MapReduce, and this program has {Ours.ToString(2)}: build it against that",
            refused.Message);
    }

    /// <summary>The sample as if it had been built against another version: what it says of its references is written over.</summary>
    private string Built(int major, int minor)
    {
        byte[] bytes = File.ReadAllBytes(typeof(Samples.WordCount.WordCount).Assembly.Location);
        using PEReader file = new(ImmutableArray.Create(bytes));
        MetadataReader metadata = file.GetMetadataReader();
        AssemblyReferenceHandle reference = metadata.AssemblyReferences.Single(one => metadata.GetString(metadata.GetAssemblyReference(one).Name) == "Quorleans.MapReduce");
        int row = (MetadataTokens.GetRowNumber(reference) - 1) * metadata.GetTableRowSize(TableIndex.AssemblyRef);
        int at = file.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef) + row;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)major);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + 2), (ushort)minor);
        string path = Path.Combine(_root, $"words-{major}-{minor}.dll");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
