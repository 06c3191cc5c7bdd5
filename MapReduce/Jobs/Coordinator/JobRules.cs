namespace Quorleans.MapReduce.Jobs;

/// <summary>What a job must be like to be taken.</summary>
public static class JobRules
{
    /// <summary>The store's own keys as an input begin with this.</summary>
    public const string StorePrefix = "kv:";

    private const int MaxIdCharacters = 64;
    private const int MaxSpecBytes = 64 << 10;
    private const int MaxPathCharacters = 4096;
    private const int MaxReducers = 10_000;
    private const int MaxAttempts = 100;
    private const int MaxTimeoutSeconds = 24 * 60 * 60;
    private const int MinSplitBytes = 1 << 10;
    private const int MaxRecordBytes = 1 << 30;
    private const long MinMemoryBytes = 1 << 20, MaxMemoryBytes = 1L << 40;

    /// <summary>Checks what can be checked without looking at the file system.</summary>
    /// <param name="spec">The job.</param>
    /// <returns>Null, or what is wrong, for a person.</returns>
    public static string? Problem(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Id is null || !IsId(spec.Id)) return $"The job's id '{Text.Cut(spec.Id ?? "", MaxIdCharacters)}' must be 1 to {MaxIdCharacters} letters, digits and dashes.";
        if (string.IsNullOrWhiteSpace(spec.Application)) return "The job names no application.";
        if (spec.Application.Length > MaxPathCharacters) return $"The application's name has {spec.Application.Length} characters; at most {MaxPathCharacters} are allowed.";
        if (spec.Inputs is not { Count: > 0 }) return "The job has no input. Name files, folders, patterns, or kv:PREFIX.";
        foreach (string input in spec.Inputs)
            if (InputProblem(input) is { } problem) return problem;
        return PathProblem(spec.Output, "output") ?? OutputProblem(spec.Output) ?? NumberProblem(spec) ?? SizeProblem(spec);
    }

    private static bool IsId(string id)
    {
        if (id.Length is 0 or > MaxIdCharacters) return false;
        foreach (char c in id)
            if (!char.IsAsciiLetterOrDigit(c) && c != '-') return false;
        return true;
    }

    private static string? InputProblem(string? input)
    {
        if (string.IsNullOrEmpty(input)) return "An input's name is empty.";
        return input.StartsWith(StorePrefix, StringComparison.Ordinal) ? null : PathProblem(input, "input");
    }

    private static string? PathProblem(string? path, string what)
    {
        if (string.IsNullOrEmpty(path)) return $"The {what}'s path is empty.";
        if (path.Length > MaxPathCharacters) return $"The {what}'s path has {path.Length} characters; at most {MaxPathCharacters} are allowed.";
        if (path.Contains('\0', StringComparison.Ordinal)) return $"The {what}'s path has a zero character.";
        return Path.IsPathFullyQualified(path) ? null : $"The {what} {path} is not a full path. Silos do not share the caller's folder: send full paths.";
    }

    private static string? OutputProblem(string output)
    {
        if (!string.Equals(Path.GetFullPath(output), output, StringComparison.Ordinal) || Path.EndsInDirectorySeparator(output)) return $"The output {output} is not in plain form: {Path.TrimEndingDirectorySeparator(Path.GetFullPath(output))} is.";
        return Path.GetDirectoryName(output) is null ? $"{output} cannot be an output folder." : null;
    }

    private static string? NumberProblem(JobSpec spec)
    {
        if (spec.Reducers is < 1 or > MaxReducers) return Range("number of reducers", spec.Reducers, 1, MaxReducers);
        if (spec.MemoryBytes is < MinMemoryBytes or > MaxMemoryBytes) return Range("memory of a task in bytes", spec.MemoryBytes, MinMemoryBytes, MaxMemoryBytes);
        if (spec.SplitBytes is not 0 and < MinSplitBytes) return Range("size of a split in bytes", spec.SplitBytes, MinSplitBytes, long.MaxValue);
        if (spec.MaxRecordBytes is < 1 or > MaxRecordBytes) return Range("longest record in bytes", spec.MaxRecordBytes, 1, MaxRecordBytes);
        if (spec.MaxBadRecords < 0) return Range("number of bad records", spec.MaxBadRecords, 0, long.MaxValue);
        if (spec.MaxAttempts is < 1 or > MaxAttempts) return Range("number of attempts", spec.MaxAttempts, 1, MaxAttempts);
        return spec.TaskTimeoutSeconds is < 1 or > MaxTimeoutSeconds ? Range("time of an attempt without progress in seconds", spec.TaskTimeoutSeconds, 1, MaxTimeoutSeconds) : null;
    }

    private static string? SizeProblem(JobSpec spec)
    {
        int bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(spec, JobJson.Default.JobSpec).Length;
        return bytes > MaxSpecBytes ? $"The job's description has {bytes} bytes; at most {MaxSpecBytes} are allowed. Name a folder or a pattern instead of many files." : null;
    }

    private static string Range(string what, long value, long least, long most) => $"The {what} is {value}; it must be {least} to {most}.";
}
