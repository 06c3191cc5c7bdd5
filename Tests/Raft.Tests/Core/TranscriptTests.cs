using Xunit;

namespace Quorleans.Raft.Tests;

/// <summary>
/// Scenarios as text: commands, and below each the full output (as etcd-io/raft's testdata does). Set <c>QUORLEANS_REWRITE=1</c> to write the output that
/// the commands have now into the files; then read the difference line by line.
/// </summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Names
    {
        get
        {
            TheoryData<string> names = [];
            foreach (string file in Directory.GetFiles(Fixtures.Folder(), "*.txt").Order(StringComparer.Ordinal)) names.Add(Path.GetFileNameWithoutExtension(file));
            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void OutputIsAsWritten(string name)
    {
        string file = Path.Combine(Fixtures.Folder(), name + ".txt");
        string expected = File.ReadAllText(file);
        string actual = TranscriptRunner.Run(expected);
        if (Environment.GetEnvironmentVariable("QUORLEANS_REWRITE") == "1") File.WriteAllText(file, actual);
        else Assert.Equal(expected, actual);
        Assert.DoesNotContain("VIOLATED", actual, StringComparison.Ordinal);
    }
}
