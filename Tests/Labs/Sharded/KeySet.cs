using System.Globalization;
using Quorleans.Labs.KeyValue;

namespace Quorleans.Labs.Sharded;

/// <summary>Keys <c>0</c>, <c>1</c>… with what must stand under each.</summary>
internal sealed class KeySet
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private readonly ShardedLab _lab;
    private readonly string[] _values;

    private KeySet(ShardedLab lab, int count) => (_lab, _values) = (lab, new string[count]);

    internal int Count => _values.Length;

    /// <summary>Puts a value of so many random letters under each key.</summary>
    internal static async Task<KeySet> Put(ShardedLab lab, LabClerk clerk, int count, int bytes)
    {
        KeySet keys = new(lab, count);
        for (int i = 0; i < count; i++) await keys.Put(clerk, i, bytes);
        return keys;
    }

    internal static string Key(int i) => i.ToString(CultureInfo.InvariantCulture);

    /// <summary>The shard of a key.</summary>
    internal static int ShardOf(int i) => Key(i)[0] % ShardedLab.Shards;

    internal Task Put(LabClerk clerk, int i, int bytes) => clerk.Put(Key(i), _values[i] = Text(bytes));

    internal async Task Append(LabClerk clerk, int i, int bytes)
    {
        string more = Text(bytes);
        await clerk.Append(Key(i), more);
        // Only when it is done, and only its own: others' keys are others'.
        _values[i] += more;
    }

    internal async Task Check(LabClerk clerk, int i)
    {
        string value = await clerk.Get(Key(i));
        LabRun.Require(value == _values[i], $"Key {i} has \"{value}\", not \"{_values[i]}\".");
    }

    internal async Task CheckAll(LabClerk clerk)
    {
        for (int i = 0; i < Count; i++) await Check(clerk, i);
    }

    internal async Task CheckAndAppendAll(LabClerk clerk, int bytes)
    {
        for (int i = 0; i < Count; i++)
        {
            await Check(clerk, i);
            await Append(clerk, i, bytes);
        }
    }

    // Unique values spare the checker a search; the semicolon ends each in something found nowhere else in it.
    private string Text(int bytes)
    {
        Span<char> letters = stackalloc char[Math.Max(4, bytes)];
        foreach (ref char letter in letters) letter = Letters[_lab.Run.Random.Next(Letters.Length)];
        return $"{_lab.History.Count}.{letters};";
    }
}
