namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Merges one partition of many runs: a tree of losers over their readers. Equal keys come in the order of the runs, so that a job's result
/// is the same each time.
/// </summary>
internal sealed class MergeReader : IDisposable
{
    private readonly List<RunReader> _readers = [];
    private readonly IKeyComparer? _order;
    private readonly bool[] _ended;
    private readonly int[] _losers;
    private int _winner = -1;

    public MergeReader(IReadOnlyList<Run> runs, int partition, IKeyComparer? order)
    {
        _order = order;
        try
        {
            foreach (Run run in runs)
            {
                if (run.Segments[partition].Pairs > 0) _readers.Add(new RunReader(run, partition, withPrefix: order is null));
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        _ended = new bool[_readers.Count];
        _losers = new int[Math.Max(1, _readers.Count)];
    }

    public ReadOnlySpan<byte> Key => _readers[_winner].Key;

    public ReadOnlySpan<byte> Value => _readers[_winner].Value;

    /// <summary>Whether the pair is known, without looking, to have the key of the one before.</summary>
    public bool SameKey { get; private set; }

    public bool MoveNext()
    {
        SameKey = false;
        if (_readers.Count == 0) return false;
        if (_winner < 0)
        {
            for (int i = 0; i < _readers.Count; i++) _ended[i] = !_readers[i].MoveNext();
            _winner = Build(1);
        }
        else
        {
            RunReader reader = _readers[_winner];
            _ended[_winner] = !reader.MoveNext();
            SameKey = !_ended[_winner] && reader.SameKey;

            // The same key again in the same run: it still comes before all others.
            if (SameKey) return true;
            int winner = _winner;
            for (int node = (winner + _readers.Count) >> 1; node >= 1; node >>= 1)
            {
                if (ComesBefore(_losers[node], winner)) (winner, _losers[node]) = (_losers[node], winner);
            }

            _winner = winner;
        }

        return !_ended[_winner];
    }

    public void Dispose()
    {
        foreach (RunReader reader in _readers) reader.Dispose();
    }

    // The leaves are the nodes behind the inner ones, as in a heap.
    private int Build(int node)
    {
        if (node >= _readers.Count) return node - _readers.Count;
        int left = Build(2 * node);
        int right = Build((2 * node) + 1);
        bool leftWins = ComesBefore(left, right);
        _losers[node] = leftWins ? right : left;
        return leftWins ? left : right;
    }

    private bool ComesBefore(int left, int right)
    {
        if (_ended[left] || _ended[right]) return !_ended[left];
        RunReader a = _readers[left];
        RunReader b = _readers[right];
        if (a.Prefix != b.Prefix) return a.Prefix < b.Prefix;
        int order = _order is null ? a.Key.SequenceCompareTo(b.Key) : _order.Compare(a.Key, b.Key);
        return order != 0 ? order < 0 : left < right;
    }
}
