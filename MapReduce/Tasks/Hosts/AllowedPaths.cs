using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Which folders jobs may use; an empty list allows all that the silo's user may. Links are followed before they are judged.</summary>
/// <param name="Inputs">Folders to read from.</param>
/// <param name="Outputs">Folders to write to.</param>
/// <param name="Assemblies">Folders that hold users' assemblies.</param>
public sealed record AllowedPaths(IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<string> Assemblies)
{
    /// <summary>No bounds but the user's rights.</summary>
    public static AllowedPaths Everything { get; } = new([], [], []);

    /// <summary>Refuses an input that lies elsewhere.</summary>
    /// <exception cref="MapReduceException">It does.</exception>
    public void CheckInput(string path) => Check(Inputs, path, JobFailure.Input, "the input", "reads from");

    /// <summary>Refuses an output that lies elsewhere.</summary>
    /// <exception cref="MapReduceException">It does.</exception>
    public void CheckOutput(string path) => Check(Outputs, path, JobFailure.Output, "the output", "writes to");

    /// <summary>Refuses an assembly that lies elsewhere.</summary>
    /// <exception cref="MapReduceException">It does.</exception>
    public void CheckAssembly(string path) => Check(Assemblies, path, JobFailure.UserCode, "the assembly", "loads applications from");

    private static void Check(IReadOnlyList<string> roots, string path, JobFailure failure, string what, string does)
    {
        if (roots.Count == 0) return;
        string real = Resolve(Path.GetFullPath(path));
        foreach (string root in roots)
        {
            string realRoot = Path.TrimEndingDirectorySeparator(Resolve(Path.GetFullPath(root)));
            if (real == realRoot || real.StartsWith(realRoot + Path.DirectorySeparatorChar, StringComparison.Ordinal) || realRoot == Path.GetPathRoot(real)) return;
        }

        throw new MapReduceException(failure, $"{what} {path} is not allowed: this cluster {does} {string.Join(", ", roots)} only");
    }

    // A link anywhere on the way may lead out. What does not exist yet has none behind it.
    private static string Resolve(string path)
    {
        string root = Path.GetPathRoot(path)!;
        string real = root;
        int links = 0;
        Queue<string> segments = new(path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries));
        while (segments.TryDequeue(out string? segment))
        {
            if (segment == "..")
            {
                real = Path.GetDirectoryName(real) ?? root;
                continue;
            }

            string next = Path.Combine(real, segment);
            if (LinkOf(next) is not { } target || ++links > 40)
            {
                real = next;
                continue;
            }

            string full = Path.IsPathRooted(target) ? target : Path.Combine(real, target);
            string[] rest = [.. segments];
            segments = new(full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Concat(rest).Where(static part => part != "."));
            real = root;
        }

        return real;
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
