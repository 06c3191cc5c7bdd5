namespace Quorleans.Simulation;

/// <summary>
/// Counts which situations a run came into. Most marks are derived from what can be seen from outside, so that the product's code carries none. The
/// names that the normal test run must reach stand in <c>marks.txt</c> and <c>sharded-marks.txt</c>.
/// </summary>
public sealed class Marks
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>The marks that the normal test run must reach, each at least 10 times.</summary>
    public static IReadOnlyList<string> Required { get; } = ReadRequired("marks.txt");

    /// <summary>The marks that the sharded seeds of the normal test run must reach, each at least 10 times.</summary>
    public static IReadOnlyList<string> RequiredOfSharded { get; } = ReadRequired("sharded-marks.txt");

    /// <summary>How often each was reached.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>A situation was reached.</summary>
    /// <param name="name">Its name.</param>
    public void Reached(string name) => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, name, out _)++;

    /// <summary>Adds another run's counts.</summary>
    public void Add(Marks other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach ((string name, long count) in other._counts) System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, name, out _) += count;
    }

    private static List<string> ReadRequired(string file)
    {
        using StreamReader reader = new(typeof(Marks).Assembly.GetManifestResourceStream(file)!);
        List<string> names = [];
        while (reader.ReadLine() is { } line)
            if (line.Length > 0 && line[0] != '#') names.Add(line);
        return names;
    }
}
