using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Inputs that are keys of the store, <c>kv:PREFIX</c>.</summary>
public static class StoreInput
{
    private const string Scheme = "kv:";

    /// <summary>Whether a job reads the store.</summary>
    /// <exception cref="MapReduceException">It reads files, too.</exception>
    public static bool IsIn(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        int count = spec.Inputs.Count(static input => input.StartsWith(Scheme, StringComparison.Ordinal));
        if (count > 0 && count < spec.Inputs.Count) throw new MapReduceException(JobFailure.Input, "a job reads the store or files, not both; run two jobs");
        return count > 0;
    }

    /// <summary>The prefixes, in the order of the inputs.</summary>
    public static IReadOnlyList<string> PrefixesOf(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return [.. spec.Inputs.Select(static input => input[Scheme.Length..])];
    }
}
