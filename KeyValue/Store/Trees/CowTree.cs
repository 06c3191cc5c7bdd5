using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// A copy-on-write B-tree from byte strings, in byte order, to values. It changes in place what it owns; <see cref="Clone"/> takes
/// constant time and makes both trees share every node, of which each then copies the ones it changes, from the root down.
/// </summary>
/// <remarks>
/// A clone may be read on another thread while this tree goes on: shared nodes are never written. One tree itself is for one thread.
/// Beside each key stands an 8-byte word: its bytes behind the prefix that all keys of the node share. So a search compares numbers that lie
/// side by side and touches, for most keys, only two key arrays in a leaf, even when all keys begin alike (<c>user:00000017</c>).
/// </remarks>
/// <typeparam name="TValue">The values; a class is shared between clones, and its owner must copy it before changing it.</typeparam>
internal sealed partial class CowTree<TValue>
{
    private object _owner = new();
    private readonly Action<Slice[], TValue[], int>? _tidy;
    private Node? _root;

    /// <summary>Creates an empty tree.</summary>
    /// <param name="tidy">What is done with a leaf's keys and values when the leaf was copied to be changed: it may lay them out anew.</param>
    public CowTree(Action<Slice[], TValue[], int>? tidy = null) => _tidy = tidy;

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>A tree with the same content, which later changes of either do not touch. Constant time.</summary>
    public CowTree<TValue> Clone()
    {
        // The nodes carry the old token, which neither tree has any more.
        _owner = new object();
        return new CowTree<TValue>(_tidy) { _root = _root, Count = Count };
    }

    /// <summary>Looks a key up.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value, or a null reference (<see cref="Unsafe.IsNullRef{T}"/>) when there is none. Valid until the next change.</returns>
    public ref readonly TValue Find(ReadOnlySpan<byte> key)
    {
        Node? node = _root;
        if (node is null) return ref Unsafe.NullRef<TValue>();
        while (node.Children is { } children) node = children[node.ChildIndex(key)];
        int position = node.LowerBound(key, out bool exact);
        if (!exact) return ref Unsafe.NullRef<TValue>();
        return ref node.Values![position];
    }

    /// <summary>Looks a key up in order to change its value in place.</summary>
    /// <param name="key">The key.</param>
    /// <returns>As <see cref="Find"/>, but this tree owns the node that the value lies in.</returns>
    public ref TValue FindForUpdate(ReadOnlySpan<byte> key)
    {
        if (_root is null) return ref Unsafe.NullRef<TValue>();
        Node node = _root = Own(_root);
        while (node.Children is { } children)
        {
            int index = node.ChildIndex(key);
            node = children[index] = Own(children[index]);
        }

        int position = node.LowerBound(key, out bool exact);
        if (!exact) return ref Unsafe.NullRef<TValue>();
        return ref node.Values![position];
    }

    private Node Own(Node node)
    {
        if (ReferenceEquals(node.Owner, _owner)) return node;
        Node copy = node.CopyFor(_owner);
        if (copy.IsLeaf) _tidy?.Invoke(copy.Keys, copy.Values!, copy.Count);
        return copy;
    }
}
