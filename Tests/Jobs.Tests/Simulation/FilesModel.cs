using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>The shared file system, one call at a time: between two calls of one coordinator anything may happen. The calls are those of JobOutput.</summary>
internal sealed class FilesModel
{
    private readonly Dictionary<string, Staging> _staging = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Output> _outputs = new(StringComparer.Ordinal);

    /// <summary>What was published, in order.</summary>
    public List<(string Job, int Generation, IReadOnlyList<string> Files)> Published { get; } = [];

    public IEnumerable<string> StagingFolders => _staging.Keys;

    public bool IsPublished(JobSpec spec) => _outputs.TryGetValue(spec.Output, out Output? output) && output.Job == spec.Id;

    /// <summary>An attempt leaves a file; only where there is a folder for it.</summary>
    public bool Write(JobSpec spec, string path)
    {
        if (!_staging.TryGetValue(spec.Id, out Staging? staging)) return false;
        staging.Files.Add(path);
        return true;
    }

    public IEnumerable<string?> Begin(JobSpec spec, Action<string?> end)
    {
        yield return "begin";
        if (_outputs.ContainsKey(spec.Output) && !IsPublished(spec))
        {
            end("the output exists");
            yield break;
        }

        _staging.TryAdd(spec.Id, new Staging());
        yield return "began";
    }

    /// <summary>Each element is one call. Told to stop before the last of them, it publishes nothing.</summary>
    public IEnumerable<string?> Publish(JobSpec spec, int generation, IReadOnlyList<string> winners, Func<bool> isStopped)
    {
        if (IsPublished(spec)) yield break;
        yield return "make";
        List<string>? folder = MakeFolder(spec, generation);
        foreach (string winner in winners)
        {
            yield return "link";
            if (folder is not null && FolderAt(spec, generation) is { } here && _staging[spec.Id].Files.Contains(winner)) here.Add(winner);
            else folder = null;
        }

        yield return "rename";
        if (!isStopped() && folder is not null && FolderAt(spec, generation) is { } content && !_outputs.ContainsKey(spec.Output))
        {
            _staging[spec.Id].Folders.Remove(generation);
            _outputs[spec.Output] = new Output(spec.Id);
            Published.Add((spec.Id, generation, content));
        }
    }

    public IEnumerable<string?> TakeAway(JobSpec spec, int generation)
    {
        while (_staging.TryGetValue(spec.Id, out Staging? staging))
        {
            yield return "take";
            staging.Folders.Remove(generation);
            yield return "bar";
            if (staging.Folders.ContainsKey(generation)) continue;
            staging.Bars.Add(generation);
            break;
        }
    }

    public void Remove(JobSpec spec) => _staging.Remove(spec.Id);

    private List<string>? FolderAt(JobSpec spec, int generation) => _staging.TryGetValue(spec.Id, out Staging? staging) ? staging.Folders.GetValueOrDefault(generation) : null;

    private List<string>? MakeFolder(JobSpec spec, int generation)
    {
        if (!_staging.TryGetValue(spec.Id, out Staging? staging) || staging.Bars.Contains(generation)) return null;
        return staging.Folders[generation] = [];
    }

    private sealed record Output(string Job);

    private sealed class Staging
    {
        public HashSet<string> Files { get; } = new(StringComparer.Ordinal);

        public Dictionary<int, List<string>> Folders { get; } = [];

        public HashSet<int> Bars { get; } = [];
    }
}
