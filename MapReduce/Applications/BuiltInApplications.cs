namespace Quorleans.MapReduce.Applications;

/// <summary>The applications that come with the engine, by name.</summary>
public static class BuiltInApplications
{
    private static readonly SortedDictionary<string, Func<IMapReduceApplication>> ByName = new(StringComparer.Ordinal)
    {
        ["grep"] = static () => new Grep(),
        ["index"] = static () => new InvertedIndex(),
        ["sort"] = static () => new Sort(),
        ["wordcount"] = static () => new WordCount(),
    };

    /// <summary>Their names, sorted.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Makes one, or gives null when there is none of that name.</summary>
    public static IMapReduceApplication? Find(string name) => ByName.TryGetValue(name, out Func<IMapReduceApplication>? make) ? make() : null;
}
