using System.Globalization;

namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// The keys of jobs in the store. All of a job have its id as their tag, so they are in one shard, and a transaction can change them in one step.
/// </summary>
public static class JobKeys
{
    /// <summary>What all keys of jobs' indexes begin with.</summary>
    public const string IndexPrefix = "$mr-jobs/{";

    /// <summary>A job's <see cref="JobIndexEntry"/>.</summary>
    public static string Index(string job) => $"{IndexPrefix}{job}}}";

    /// <summary>A job's <see cref="JobOwner"/>.</summary>
    public static string Owner(string job) => $"$mr/{{{job}}}/owner";

    /// <summary>A record of a job's journal: a list of <see cref="JobEvent"/>.</summary>
    public static string Record(string job, long number) => string.Create(CultureInfo.InvariantCulture, $"$mr/{{{job}}}/journal/{number:D8}");
}
