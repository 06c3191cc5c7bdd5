using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>The runs that a reduce task merges, and whose they are.</summary>
internal sealed class ReduceInputs
{
    private readonly Dictionary<Run, MapOutput> _owners = new(ReferenceEqualityComparer.Instance);

    private ReduceInputs()
    {
    }

    /// <summary>The runs in the order of the map tasks, so that equal keys come in the order of the input.</summary>
    public required IReadOnlyList<Run> Runs { get; init; }

    /// <summary>Which map task made a run. None for one that the reduce task merged itself.</summary>
    public bool TryFindOwner(Run run, [NotNullWhen(true)] out MapOutput? owner) => _owners.TryGetValue(run, out owner);

    /// <summary>Finds the runs, and fetches those of other machines.</summary>
    /// <param name="maps">All map outputs, by task.</param>
    /// <param name="partition">The reduce task's partition.</param>
    /// <param name="secret">The job's, for other machines.</param>
    /// <param name="environment">Where it runs.</param>
    /// <param name="fetcher">Fetches.</param>
    /// <param name="files">For what is fetched.</param>
    /// <param name="received">Is told how many bytes came.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="MapOutputsLostException">Some cannot be had; all of them are named, as far as is known.</exception>
    public static ReduceInputs Collect(
        IReadOnlyList<MapOutput> maps, int partition, string secret, AttemptEnvironment environment, MapOutputFetcher fetcher, WorkFiles files, Action<long> received, CancellationToken cancellation)
    {
        IReadOnlyList<Run>[] runs = new IReadOnlyList<Run>[maps.Count];
        List<MapOutputsLostException> losses = [];
        List<int> remote = [];
        for (int i = 0; i < maps.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            // Machines of one name do not always share a disk: what is not here may be had there.
            if (maps[i].Machine != environment.Machine || (maps[i].Endpoint.Length > 0 && !File.Exists(maps[i].Index))) remote.Add(i);
            else if (!TryReadLocal(maps[i], partition, out runs[i]!, out MapOutputsLostException? loss)) losses.Add(loss);
        }

        foreach (IGrouping<string, int> tracker in remote.GroupBy(i => maps[i].Endpoint))
        {
            foreach (int[] some in tracker.Chunk(MapOutputRequest.MostIndexes))
            {
                MapOutput[] wanted = [.. some.Select(i => maps[i])];
                try
                {
                    if (tracker.Key.Length == 0) throw new MapOutputsLostException($"{wanted[0].Tracker} is on another machine and does not serve its map outputs", wanted);
                    IReadOnlyList<IReadOnlyList<Run>> fetched = fetcher.Fetch(wanted, partition, secret, files.NewPath("fetched"), files, received, cancellation);
                    for (int i = 0; i < some.Length; i++) runs[some[i]] = fetched[i];
                }
                catch (MapOutputsLostException e)
                {
                    losses.Add(e);
                }
            }
        }

        if (losses.Count > 0) throw Merge(losses);
        ReduceInputs inputs = new() { Runs = [.. runs.SelectMany(static some => some)] };
        for (int i = 0; i < runs.Length; i++)
            foreach (Run run in runs[i]) inputs._owners.Add(run, maps[i]);
        return inputs;
    }

    private static bool TryReadLocal(MapOutput map, int partition, [NotNullWhen(true)] out IReadOnlyList<Run>? runs, [NotNullWhen(false)] out MapOutputsLostException? loss)
    {
        try
        {
            (runs, loss) = (RunIndex.Read(map.Index, partition), null);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            (runs, loss) = (null, new MapOutputsLostException(string.Create(CultureInfo.InvariantCulture, $"the output of map task {map.Map} on {map.Tracker} cannot be read: {e.Message}"), [map], e));
            return false;
        }
    }

    private static MapOutputsLostException Merge(List<MapOutputsLostException> losses) => losses is [{ } one]
        ? one
        : new MapOutputsLostException($"{losses[0].Message}; and {losses.Count - 1} more", [.. losses.SelectMany(static loss => loss.Lost).Distinct()], losses[0]);
}
