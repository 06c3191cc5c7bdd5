using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// The sessions of a shard, by client: leaves of up to 64 in order, and a directory of the leaves. It changes in place what it owns;
/// <see cref="Clone"/> takes constant time and makes both tables share every leaf, of which each then copies the ones it changes.
/// </summary>
/// <remarks>
/// A clone may be read on another thread while this table goes on: what is shared is never written. One table itself is for one thread.
/// Clients and sessions are values side by side, so a session costs no object, and a collection that finds a leaf changed has nothing to follow in it.
/// The directory is flat: at the most sessions that a shard may have, one leaf in 32 inserts moves 150 KiB of it at most.
/// </remarks>
internal sealed partial class SessionTable
{
    /// <summary>The leaves in order; none is empty.</summary>
    private Leaf[] _leaves = [];

    /// <summary>Beside each leaf a bound: its clients are not below it, and all before are. The first one's is never looked at.</summary>
    private UInt128[] _bounds = [];
    private int _leafCount;
    private bool _sharesDirectory;

    /// <summary>The leaf looked at last for a change: a batch is of one client, so its next operation here most likely wants the same place.</summary>
    private Leaf? _recent;
    private int _recentAt;

    /// <summary>How many sessions there are.</summary>
    public int Count { get; private set; }

    /// <summary>Who owns what this table may change; see <see cref="Session.Add"/>.</summary>
    public object Owner { get; private set; } = new();

    /// <summary>A table with the same content, which later changes of either do not touch. Constant time.</summary>
    public SessionTable Clone()
    {
        // The leaves carry the old token, which neither table has any more.
        Owner = new object();
        _recent = null;
        _sharesDirectory = true;
        return new SessionTable { Count = Count, _leaves = _leaves, _bounds = _bounds, _leafCount = _leafCount, _sharesDirectory = true };
    }

    /// <summary>Looks a client up.</summary>
    /// <returns>Its session, or a null reference (<see cref="Unsafe.IsNullRef{T}"/>). Valid until the next change.</returns>
    public ref readonly Session Find(ClientId client)
    {
        if (_leafCount == 0) return ref Unsafe.NullRef<Session>();
        Leaf leaf = _leaves[LeafOf(client)];
        int at = leaf.LowerBound(client, out bool exact);
        if (!exact) return ref Unsafe.NullRef<Session>();
        return ref leaf.Sessions[at];
    }

    /// <summary>Looks a client up in order to change its session in place.</summary>
    /// <returns>As <see cref="Find"/>, but this table owns the session.</returns>
    public ref Session FindForUpdate(ClientId client)
    {
        if (_recent is { } recent && _recentAt < recent.Count && recent.Clients[_recentAt] == client.Value)
        {
            // Removals may have moved another's session here, whose results are still shared.
            ref Session same = ref recent.Sessions[_recentAt];
            same.Own(Owner);
            return ref same;
        }

        if (_leafCount == 0) return ref Unsafe.NullRef<Session>();
        int index = LeafOf(client);
        int at = _leaves[index].LowerBound(client, out bool exact);
        if (!exact) return ref Unsafe.NullRef<Session>();
        return ref Owned(index, at);
    }

    /// <summary>Finds a client's session, or adds an empty one.</summary>
    /// <param name="client">The client.</param>
    /// <param name="exists">Whether it was there.</param>
    /// <returns>The session, owned. Valid until the next change.</returns>
    public ref Session GetOrAdd(ClientId client, out bool exists)
    {
        if (_leafCount == 0) InsertLeaf(0, UInt128.Zero, new Leaf(Owner, Leaf.FirstCapacity));
        int index = LeafOf(client);
        int at = _leaves[index].LowerBound(client, out exists);
        if (exists) return ref Owned(index, at);
        Leaf leaf = Own(index);
        if (leaf.Count == Leaf.Capacity)
        {
            // Clients that come in order, as from a snapshot, fill their leaves instead of leaving them half empty.
            Leaf right = leaf.SplitAt(at == Leaf.Capacity ? Leaf.Fill : Leaf.Capacity / 2);
            InsertLeaf(index + 1, right.Clients[0], right);
            if (client.Value >= right.Clients[0]) (index, leaf) = (index + 1, right);
            at = leaf.LowerBound(client, out _);
        }

        leaf.InsertAt(at, client);
        Count++;
        return ref Owned(index, at);
    }

    /// <summary>Removes a client's session.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(ClientId client)
    {
        if (_leafCount == 0) return false;
        int index = LeafOf(client);
        int at = _leaves[index].LowerBound(client, out bool exact);
        if (!exact) return false;
        Leaf leaf = Own(index);
        leaf.RemoveAt(at);
        Count--;
        if (leaf.Count == 0) RemoveLeaf(index);
        else if (leaf.Count < Leaf.MergeBelow) MergeAround(index);
        return true;
    }

    private void MergeAround(int index)
    {
        int left = index == 0 ? 0 : index - 1;
        if (left + 1 == _leafCount || _leaves[left].Count + _leaves[left + 1].Count > Leaf.MergeLimit) return;
        Own(left).Append(_leaves[left + 1]);
        RemoveLeaf(left + 1);
    }

    /// <summary>The leaf where a client is, or would be.</summary>
    private int LeafOf(ClientId client)
    {
        int low = 1, high = _leafCount;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_bounds[middle] <= client.Value) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }

    private ref Session Owned(int index, int at)
    {
        Leaf leaf = Own(index);
        (_recent, _recentAt) = (leaf, at);
        ref Session session = ref leaf.Sessions[at];
        session.Own(Owner);
        return ref session;
    }

    private Leaf Own(int index)
    {
        Leaf leaf = _leaves[index];
        if (ReferenceEquals(leaf.Owner, Owner)) return leaf;
        OwnDirectory(_leafCount);
        return _leaves[index] = leaf.CopyFor(Owner);
    }

    private void OwnDirectory(int room)
    {
        if (!_sharesDirectory && room <= _leaves.Length) return;
        int capacity = room <= _leaves.Length ? _leaves.Length : Math.Max(room, _leaves.Length * 2);
        var (leaves, bounds) = (new Leaf[capacity], new UInt128[capacity]);
        Array.Copy(_leaves, leaves, _leafCount);
        Array.Copy(_bounds, bounds, _leafCount);
        (_leaves, _bounds, _sharesDirectory) = (leaves, bounds, false);
    }

    private void InsertLeaf(int index, UInt128 bound, Leaf leaf)
    {
        OwnDirectory(_leafCount + 1);
        Array.Copy(_leaves, index, _leaves, index + 1, _leafCount - index);
        Array.Copy(_bounds, index, _bounds, index + 1, _leafCount - index);
        (_leaves[index], _bounds[index]) = (leaf, bound);
        _leafCount++;
    }

    private void RemoveLeaf(int index)
    {
        OwnDirectory(_leafCount);
        _recent = null;
        _leafCount--;
        Array.Copy(_leaves, index + 1, _leaves, index, _leafCount - index);
        Array.Copy(_bounds, index + 1, _bounds, index, _leafCount - index);
        _leaves[_leafCount] = null!;
    }
}
