using System.Globalization;
using Quorleans.MapReduce;

namespace Quorleans.TestApplications;

/// <summary>What the lab's test applications have in common: a map call sees a whole file, and a reduce call all values of a key.</summary>
internal static class Lab
{
    /// <summary>A job in the lab's form.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="map">From a file's name and content to pairs.</param>
    /// <param name="reduce">From a key and its values to what is written.</param>
    public static IReadOnlyList<JobDefinition> Job(
        string name, Func<string, byte[], IEnumerable<(string Key, string Value)>> map, Func<string, IReadOnlyList<string>, string> reduce) =>
    [
        new TypedJob<byte[], string, string> { Name = name, Mapper = () => new Mapper(map), Reducer = () => new Reducer(reduce) }.Define() with
        {
            Input = RecordFormats.WholeFiles,
        },
    ];

    /// <summary>Values in order, behind each other.</summary>
    public static string Join(IReadOnlyList<string> values) => string.Join(' ', values.Order(StringComparer.Ordinal));

    /// <summary>Says how many processes are in here at the same time, by a file for each in a folder; takes a while itself.</summary>
    public static int CountParallel(string folder, string phase, int milliseconds)
    {
        string own = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"mr-worker-{phase}-{Environment.ProcessId}"));
        File.WriteAllText(own, "x");
        int alive = Directory.EnumerateFiles(folder, $"mr-worker-{phase}-*").Count(static file => IsAlive(int.Parse(file.AsSpan(file.LastIndexOf('-') + 1), CultureInfo.InvariantCulture)));
        Thread.Sleep(milliseconds);
        File.Delete(own);
        return alive;
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using System.Diagnostics.Process _ = System.Diagnostics.Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private sealed class Mapper(Func<string, byte[], IEnumerable<(string Key, string Value)>> map) : IMapper<byte[], string, string>
    {
        public void Map(byte[] record, IMapContext<string, string> context)
        {
            foreach ((string key, string value) in map(Path.GetFileName(context.InputPath), record)) context.Emit(key, value);
        }
    }

    private sealed class Reducer(Func<string, IReadOnlyList<string>, string> reduce) : IReducer<string, string>
    {
        public void Reduce(string key, IEnumerable<string> values, IReduceContext context) => context.Write(key, reduce(key, [.. values]));
    }
}
