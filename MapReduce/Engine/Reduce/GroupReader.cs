using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>Gives merged pairs group by group, each value once: no group is ever in memory.</summary>
internal sealed class GroupReader(MergeReader pairs, IKeyComparer? order, IRecordWatch? watch) : IUtf8Values
{
    private byte[] _key = new byte[256];
    private int _keyLength;
    private bool _hasNext;
    private bool _atFirst;
    private bool _begun;

    /// <summary>The group's key.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>How many pairs were taken so far.</summary>
    public long Pairs { get; private set; }

    public ReadOnlySpan<byte> Current => pairs.Value;

    /// <summary>Goes to the next group; what is left of the one before is skipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool NextGroup()
    {
        if (!_begun)
        {
            _begun = true;
            _hasNext = pairs.MoveNext();
        }
        else
        {
            while (MoveNext())
            {
            }
        }

        if (!_hasNext) return false;
        ReadOnlySpan<byte> key = pairs.Key;
        if (key.Length > _key.Length) _key = new byte[Math.Max(key.Length, _key.Length * 2)];
        key.CopyTo(_key);
        _keyLength = key.Length;
        _hasNext = false;
        _atFirst = true;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool MoveNext()
    {
        if (_atFirst)
        {
            _atFirst = false;
            Take();
            return true;
        }

        // The next group's first pair is there already, or all pairs were taken.
        if (_hasNext || !pairs.MoveNext())
        {
            return false;
        }

        if (pairs.SameKey || (order is null ? pairs.Key.SequenceEqual(Key) : order.Compare(pairs.Key, Key) == 0))
        {
            Take();
            return true;
        }

        _hasNext = true;
        return false;
    }

    private void Take()
    {
        Pairs++;
        watch?.Step();
    }
}
