using System.Collections.Concurrent;

namespace Quorleans.Client.Demo;

/// <summary>What the store has acknowledged: the values that must be there, whatever happens.</summary>
internal sealed class AcknowledgedWrites
{
    private readonly ConcurrentDictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _unknown = new(StringComparer.Ordinal);

    /// <summary>How many keys must be there.</summary>
    public int Count => _values.Count;

    /// <summary>The keys and their values.</summary>
    public IEnumerable<KeyValuePair<string, string>> Values => _values;

    /// <summary>A write was acknowledged.</summary>
    public void Acknowledge(string key, string value)
    {
        if (!_unknown.ContainsKey(key)) _values[key] = value;
    }

    /// <summary>A write's outcome is unknown, so nothing can be said of the key any more.</summary>
    public void Doubt(string key)
    {
        _unknown[key] = 0;
        _values.TryRemove(key, out _);
    }
}
