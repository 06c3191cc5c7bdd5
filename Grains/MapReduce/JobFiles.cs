using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Grains.MapReduce;

/// <summary>What a coordinator does with files. Every call waits for a disk, or for a network: never on a grain's scheduler.</summary>
/// <param name="allowed">Which folders jobs may use.</param>
/// <param name="output">Publishes.</param>
internal sealed class JobFiles(AllowedPaths allowed, JobOutput output)
{
    /// <summary>Checks what a job wants to write before it is taken.</summary>
    /// <returns>Null, or what is wrong, for a person.</returns>
    public Task<string?> CheckAsync(JobSpec spec) => RunAsync(() =>
    {
        // What is in an assembly shows where it runs; a silo does not load it for that.
        if (!ApplicationLoader.IsBuiltIn(spec.Application)) allowed.CheckAssembly(ApplicationLoader.Parse(spec.Application).Assembly);
        allowed.CheckOutput(spec.Output);
        string parent = Path.GetDirectoryName(spec.Output)!;
        if (File.Exists(spec.Output)) throw new MapReduceException(JobFailure.Output, $"The output {spec.Output} is a file; name a folder.");
        if (!Directory.Exists(parent)) throw new MapReduceException(JobFailure.Output, $"The output's parent folder {parent} does not exist where the coordinator runs; create it, on a file system that the silos share.");
        if (!spec.Overwrite && Directory.Exists(spec.Output)) throw new MapReduceException(JobFailure.Output, $"The output {spec.Output} exists; remove it, name another, or ask for it to be overwritten.");
        foreach (string input in spec.Inputs)
            if (!input.StartsWith(JobRules.StorePrefix, StringComparison.Ordinal)) allowed.CheckInput(FixedPart(input));
    });

    /// <summary>Makes the staging folder.</summary>
    /// <returns>Null, or why not.</returns>
    public static Task<string?> PrepareAsync(JobSpec spec) => RunAsync(() => JobOutput.Begin(spec));

    /// <summary>Publishes the output.</summary>
    /// <returns>Null when it is there, or why not.</returns>
    public Task<string?> PublishAsync(PublishEffect publish, CancellationToken cancellation) => RunAsync(() =>
    {
        byte[] report = JobReports.ToJson(publish.Spec.Id, publish.Steps);
        if (output.Publish(publish.Spec, publish.Generation, publish.Winners, report, cancellation) == JobPublication.TakenAway)
            throw new MapReduceException(JobFailure.Output, $"The output of generation {publish.Generation} was taken away by a later coordinator.");
    });

    /// <summary>Makes sure that a generation never publishes.</summary>
    /// <returns>Whether it had; null when that is not known, and why not.</returns>
    public async Task<(bool? Published, string? Error)> TakeAwayAsync(TakeAwayEffect take)
    {
        bool published = false;
        string? error = await RunAsync(() => published = output.TakeAway(take.Spec, take.Generation));
        return error is null ? (published, null) : (null, error);
    }

    /// <summary>Removes the staging folder.</summary>
    /// <returns>Null, or what stays and why.</returns>
    public Task<string?> RemoveAsync(JobSpec spec) => RunAsync(() => output.Remove(spec));

    private static Task<string?> RunAsync(Action action) => Task.Run(() =>
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e) when (e is MapReduceException or ApplicationLoadException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            return e.Message;
        }
    });

    // A pattern's folder: what stands before the first character that means others.
    private static string FixedPart(string input)
    {
        int wild = input.AsSpan().IndexOfAny('*', '?', '[');
        return wild < 0 ? input : Path.GetDirectoryName(input[..wild]) ?? Path.GetPathRoot(input)!;
    }
}
