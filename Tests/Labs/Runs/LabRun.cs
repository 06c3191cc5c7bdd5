using Quorleans.Simulation;

namespace Quorleans.Labs;

/// <summary>One run of a scenario under one seed: its randomness, and what it measured.</summary>
public sealed class LabRun
{
    private readonly Dictionary<string, int> _places = [];
    private readonly List<Measurement> _measurements = [];

    internal LabRun(Scenario scenario, int seed, Trace? trace)
    {
        (Scenario, Seed, Trace) = (scenario, seed, trace);
        Random = new Random(HashOf(scenario.Name) ^ seed);
    }

    /// <summary>The scenario.</summary>
    public Scenario Scenario { get; }

    /// <summary>The seed: the same one repeats the run exactly.</summary>
    public int Seed { get; }

    /// <summary>What was measured, each thing once with its worst value, in the order in which it came up first.</summary>
    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>Where to write what happens, or null.</summary>
    internal Trace? Trace { get; }

    /// <summary>The scenario's own dice.</summary>
    internal Random Random { get; }

    /// <summary>The cluster that the scenario made.</summary>
    internal Lab? Lab { get; set; }

    internal void AtMost(string what, double value, double limit, string unit) => Measure(new Measurement(what, value, Bound.AtMost, limit, unit));

    internal void AtLeast(string what, double value, double limit, string unit) => Measure(new Measurement(what, value, Bound.AtLeast, limit, unit));

    internal void Exactly(string what, double value, double limit, string unit) => Measure(new Measurement(what, value, Bound.Exactly, limit, unit));

    internal static void Require(bool condition, string demand)
    {
        if (!condition) throw new LabFailureException(demand);
    }

    private void Measure(Measurement measurement)
    {
        if (!_places.TryGetValue(measurement.What, out int place))
        {
            _places.Add(measurement.What, _measurements.Count);
            _measurements.Add(measurement);
        }
        else
        {
            _measurements[place] = _measurements[place].Worse(measurement);
        }

        if (!measurement.IsKept) throw new LabFailureException(measurement.ToString());
    }

    // String hashes differ between processes; a run must not.
    private static int HashOf(string name)
    {
        uint hash = 2166136261;
        foreach (char c in name) hash = (hash ^ c) * 16777619;
        return (int)hash;
    }
}
