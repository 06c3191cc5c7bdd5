using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Merges one partition of many runs: a tree of losers over their readers. Equal keys come in the order of the runs, so that a job's result
/// is the same each time.
/// </summary>
internal sealed class MergeReader : IDisposable
{
    private readonly RunReader[] _readers;
    private readonly IKeyComparer? _order;
    private readonly int[] _losers;

    // Beside each other, so that most comparisons touch nothing else. A run that ended has the greatest.
    private readonly ulong[] _prefixes;
    private readonly bool[] _ended;
    private int _winner = -1;
    private RunReader? _current;

    /// <param name="runs">The runs.</param>
    /// <param name="partition">Which partition of theirs.</param>
    /// <param name="order">The order of the keys; null: of bytes.</param>
    /// <param name="memoryBytes">How much memory to take for reading, as far as blocks allow.</param>
    public MergeReader(IReadOnlyList<Run> runs, int partition, IKeyComparer? order, long memoryBytes)
    {
        _order = order;
        Run[] some = [.. runs.Where(run => run.Segments[partition].Pairs > 0)];
        int bufferBytes = (int)Math.Clamp(memoryBytes / (2 * Math.Max(1, some.Length)), Run.LeastReadBytes, Run.MostReadBytes);
        _readers = new RunReader[some.Length];
        try
        {
            for (int i = 0; i < some.Length; i++) _readers[i] = new RunReader(some[i], partition, withPrefix: order is null, bufferBytes);
        }
        catch
        {
            Dispose();
            throw;
        }

        _ended = new bool[some.Length];
        _prefixes = new ulong[some.Length];
        _losers = new int[Math.Max(1, some.Length)];
    }

    public ReadOnlySpan<byte> Key => _current!.Key;

    public ReadOnlySpan<byte> Value => _current!.Value;

    /// <summary>Whether the pair is known, without looking, to have the key of the one before.</summary>
    public bool SameKey { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool MoveNext()
    {
        if (_current is null) return Begin();

        // The same key again in the same run: it still comes before all others.
        SameKey = Advance(_winner) && _current.SameKey;
        if (SameKey) return true;
        Replay();
        _current = _readers[_winner];
        return !_ended[_winner];
    }

    public void Dispose()
    {
        foreach (RunReader? reader in _readers) reader?.Dispose();
    }

    private bool Begin()
    {
        if (_readers.Length == 0) return false;
        for (int i = 0; i < _readers.Length; i++) Advance(i);
        _winner = Build(1);
        _current = _readers[_winner];
        return !_ended[_winner];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Advance(int i)
    {
        bool isThere = _readers[i].MoveNext();
        _ended[i] = !isThere;
        _prefixes[i] = isThere ? _readers[i].Prefix : ulong.MaxValue;
        return isThere;
    }

    // From the winner's leaf to the root. Who wins is a coin's toss, which no processor can predict: so there is no branch on it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Replay()
    {
        int[] losers = _losers;
        ulong[] prefixes = _prefixes;
        int winner = _winner;
        ulong prefix = prefixes[winner];
        for (int node = (winner + prefixes.Length) >> 1; node >= 1; node >>= 1)
        {
            int loser = losers[node];
            ulong other = prefixes[loser];
            bool loserWins = other == prefix ? EqualComesBefore(loser, winner) : other < prefix;
            int all = -Unsafe.BitCast<bool, byte>(loserWins);
            int exchange = (winner ^ loser) & all;
            losers[node] = loser ^ exchange;
            winner ^= exchange;
            prefix ^= (prefix ^ other) & (ulong)(long)all;
        }

        _winner = winner;
    }

    // The leaves are the nodes behind the inner ones, as in a heap.
    private int Build(int node)
    {
        if (node >= _readers.Length) return node - _readers.Length;
        int left = Build(2 * node);
        int right = Build((2 * node) + 1);
        bool leftWins = _prefixes[left] == _prefixes[right] ? EqualComesBefore(left, right) : _prefixes[left] < _prefixes[right];
        _losers[node] = leftWins ? right : left;
        return leftWins ? left : right;
    }

    // For prefixes that are equal, as they all are when the order is the user's.
    private bool EqualComesBefore(int left, int right)
    {
        if (_ended[left] || _ended[right]) return !_ended[left];
        ReadOnlySpan<byte> a = _readers[left].Key;
        ReadOnlySpan<byte> b = _readers[right].Key;
        int order = _order is null ? a.SequenceCompareTo(b) : _order.Compare(a, b);
        return order != 0 ? order < 0 : left < right;
    }
}
