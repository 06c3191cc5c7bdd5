using System.Text;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>Texts to count, and outputs to compare.</summary>
internal sealed class JobFolders : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public JobFolders(int files, int bytesEach)
    {
        Directory.CreateDirectory(Inputs);
        for (int file = 0; file < files; file++) File.WriteAllText(Path.Combine(Inputs, $"text-{file}.txt"), MakeText(file, bytesEach));
    }

    public string Root => _directory.Path;

    public string Inputs => Path.Combine(Root, "in");

    public JobSpec Spec(string output, long splitBytes = 0) => new()
    {
        Id = JobIds.Create(TimeProvider.System), Application = "wordcount", Inputs = [Inputs], Output = Path.Combine(Root, output), Reducers = 3, SplitBytes = splitBytes, Durable = false,
    };

    /// <summary>The output of the same job in one process; run once.</summary>
    public string RunLocally(string name = "wordcount", params IReadOnlyList<KeyValuePair<string, string>> given)
    {
        string output = Path.Combine(Root, $"local-{name}");
        if (Directory.Exists(output)) return output;
        IMapReduceApplication application = ApplicationLoader.Load(name);
        JobArguments arguments = new(given);
        new LocalRunner(new JobProgress()).Run(
            new JobRequest
            {
                Jobs = application.Define(arguments), Arguments = arguments, Inputs = [.. Directory.EnumerateFiles(Inputs).Order(StringComparer.Ordinal)], Output = output, Reducers = 3, Durable = false,
            },
            CancellationToken.None);
        return output;
    }

    public static void AssertSame(string expected, string actual)
    {
        string[] names = [.. Directory.EnumerateFiles(expected, "mr-out-*").Select(static file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(names);
        Assert.Equal([.. names, "_SUCCESS", "_job.json"], Directory.EnumerateFiles(actual).Select(static file => Path.GetFileName(file)).OrderBy(static name => name[0] == '_').ThenBy(static name => name, StringComparer.Ordinal));
        foreach (string name in names) Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name)), File.ReadAllBytes(Path.Combine(actual, name)));
    }

    /// <summary>Waits until a job has ended.</summary>
    public static async Task<JobView> EndAsync(IJobs jobs, string job)
    {
        JobView? view = null;
        await Eventually.Holds($"job {job} has ended", async () => (view = await jobs.FindAsync(job)) is { EndedMs: > 0 });
        return view!;
    }

    /// <summary>Waits until no staging folder is left beside the outputs.</summary>
    public Task<TimeSpan> NothingIsLeftAsync() => Eventually.Holds("no temporary folder is left", () => !Directory.EnumerateFileSystemEntries(Root, ".*").Any());

    public void Dispose() => _directory.Dispose();

    private static string MakeText(int seed, int bytes)
    {
        Random random = new(seed);
        StringBuilder text = new(bytes);
        while (text.Length < bytes)
        {
            // Few words are frequent, many are rare.
            int rank = (int)Math.Pow(2, random.NextDouble() * 14);
            text.Append("word").Append((char)('a' + (rank % 26))).Append((char)('a' + (rank / 26 % 26))).Append((char)('a' + (rank / 676 % 26))).Append(random.Next(12) == 0 ? '\n' : ' ');
        }

        return text.ToString();
    }
}
