using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

internal sealed partial class CowTree<TValue>
{
    /// <summary>How many keys <see cref="Append"/> adds until it begins another leaf.</summary>
    public int AppendRoom => LastLeaf is { Count: < Node.Fill } leaf ? Node.Fill - leaf.Count : Node.Fill;

    private Node? LastLeaf
    {
        get
        {
            Node? node = _root;
            while (node?.Children is { } children) node = children[node.Count - 1];
            return node;
        }
    }

    /// <summary>Adds a key behind all others.</summary>
    /// <param name="key">The key; kept.</param>
    /// <returns>The value, to be set by the caller; a null reference when the key is not above all others. Valid until the next change.</returns>
    public ref TValue Append(Slice key)
    {
        if (LastLeaf is { } last && last.Keys[last.Count - 1].Span.SequenceCompareTo(key.Span) >= 0) return ref Unsafe.NullRef<TValue>();
        Node node = _root = _root is null ? Node.Leaf(_owner, Node.Capacity) : Own(_root);
        if (!node.IsLeaf && node.IsFull) node = RaiseRoot(node, Node.Fill);
        Node? parent = null;
        while (node.Children is { } children)
        {
            parent = node;
            int index = node.Count - 1;
            Node child = children[index] = Own(children[index]);
            // As for any insert: what is full on the way down is split, so that there is room above.
            if (!child.IsLeaf && child.IsFull)
            {
                Split(parent, index, Node.Fill);
                child = children[parent.Count - 1];
            }

            node = child;
        }

        if (node.Count >= Node.Fill) node = AddLeaf(parent, node, key);
        Count++;
        return ref node.InsertKey(node.Count, key);
    }

    private Node AddLeaf(Node? parent, Node last, Slice key)
    {
        Node leaf = Node.Leaf(_owner, Node.Capacity);
        if (parent is null)
        {
            _root = parent = Node.Inner(_owner);
            parent.InsertChild(0, last.Keys[0].Alone(), last);
        }

        parent.InsertChild(parent.Count, key.Alone(), leaf);
        return leaf;
    }
}
