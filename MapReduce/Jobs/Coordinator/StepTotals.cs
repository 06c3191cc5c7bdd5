namespace Quorleans.MapReduce.Jobs;

/// <summary>Sums over the winners of a step's tasks. A winner that another one follows, since its output was lost, is taken out.</summary>
internal sealed class StepTotals
{
    private readonly SortedDictionary<string, long> _counters = new(StringComparer.Ordinal);

    public long InputBytes { get; private set; }

    public long Records { get; private set; }

    public long BadRecords { get; private set; }

    public long Pairs { get; private set; }

    public long SpilledBytes { get; private set; }

    public long Groups { get; private set; }

    public long ReducedPairs { get; private set; }

    public long OutputRecords { get; private set; }

    public long OutputBytes { get; private set; }

    public void Add(TaskOutcome outcome) => Add(outcome, 1);

    public void TakeOut(TaskOutcome outcome) => Add(outcome, -1);

    public List<KeyValuePair<string, long>> Counters()
    {
        List<KeyValuePair<string, long>> counters = new(_counters.Count);
        foreach (KeyValuePair<string, long> counter in _counters)
            if (counter.Value != 0) counters.Add(counter);
        return counters;
    }

    private void Add(TaskOutcome outcome, int sign)
    {
        if (outcome.Map is { } map)
        {
            InputBytes += sign * map.InputBytes;
            Records += sign * map.Records;
            BadRecords += sign * map.BadRecords;
            Pairs += sign * map.Pairs;
            SpilledBytes += sign * map.SpilledBytes;
        }
        else if (outcome.Reduce is { } reduce)
        {
            Groups += sign * reduce.Groups;
            ReducedPairs += sign * reduce.Pairs;
            OutputRecords += sign * reduce.Records;
            OutputBytes += sign * reduce.Bytes;
            SpilledBytes += sign * reduce.SpilledBytes;
        }

        foreach ((string name, long value) in outcome.Counters) _counters[name] = _counters.GetValueOrDefault(name) + (sign * value);
    }
}
