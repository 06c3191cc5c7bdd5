using System.Text;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

/// <summary>A folder with inputs and room for an output; gone when the test ends.</summary>
public sealed class JobFolder : IDisposable
{
    public JobFolder() => Directory.CreateDirectory(Inputs);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"quorleans-mr-{Guid.NewGuid():n}");

    public string Inputs => Path.Combine(Root, "in");

    public string Output => Path.Combine(Root, "out");

    public string Add(string name, byte[] content)
    {
        string path = Path.Combine(Inputs, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Add(string name, string content) => Add(name, Encoding.UTF8.GetBytes(content));

    public string[] Files => [.. Directory.EnumerateFiles(Inputs).Order(StringComparer.Ordinal)];

    public JobRequest Request(IMapReduceApplication application, params (string Name, string Value)[] arguments)
    {
        JobArguments given = new(arguments.Select(a => KeyValuePair.Create(a.Name, a.Value)));
        return Request(application.Define(given)) with { Arguments = given };
    }

    public JobRequest Request(params IReadOnlyList<JobDefinition> jobs) => new() { Jobs = jobs, Inputs = Files, Output = Output, Durable = false };

    public static IReadOnlyList<JobReport> Run(JobRequest request, Func<string, WorkFiles>? files = null, CancellationToken cancellation = default) =>
        new LocalRunner(new JobProgress(), files).Run(request, cancellation);

    /// <summary>The output files' lines, one file after the other, by number.</summary>
    public string[] Lines => [.. OutputText().Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    public string OutputText() => Encoding.UTF8.GetString(OutputBytes());

    public byte[] OutputBytes() => [.. OutputFiles().SelectMany(File.ReadAllBytes)];

    public string[] OutputFiles() => [.. Directory.EnumerateFiles(Output, "mr-out-*").OrderBy(path => int.Parse(path[(path.LastIndexOf('-') + 1)..]))];

    /// <summary>A failed job leaves nothing: no output, no temporary file.</summary>
    public void AssertNothingIsLeft() => Assert.Equal([Inputs], Directory.EnumerateFileSystemEntries(Root));

    /// <summary>A job leaves its output and nothing else.</summary>
    public void AssertOnlyOutputIsLeft() => Assert.Equal([Inputs, Output], Directory.EnumerateFileSystemEntries(Root).Order(StringComparer.Ordinal));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
