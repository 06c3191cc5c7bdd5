namespace Quorleans.KeyValue.Store;

internal sealed partial class CowTree<TValue>
{
    /// <summary>Finds a key's value, or adds the key with a default value.</summary>
    /// <param name="key">The key; copied when it is added.</param>
    /// <param name="exists">Whether it was there.</param>
    /// <returns>The value, to be set by the caller. Valid until the next change.</returns>
    public ref TValue GetOrAdd(ReadOnlySpan<byte> key, out bool exists)
    {
        Node node = _root = _root is null ? Node.Leaf(_owner) : Own(_root);
        if (!node.IsLeaf && node.IsFull) node = RaiseRoot(node, Node.Capacity / 2);

        // Full inner nodes are split on the way down, so that a leaf's split always finds room above.
        Node? parent = null;
        int index = 0;
        while (node.Children is { } children)
        {
            parent = node;
            index = node.ChildIndex(key);
            Node child = children[index] = Own(children[index]);
            if (!child.IsLeaf && child.IsFull)
            {
                Split(parent, index, Node.Capacity / 2);
                index = parent.ChildIndex(key);
                child = children[index];
            }

            node = child;
        }

        int position = node.LowerBound(key, out exists);
        if (exists) return ref node.Values![position];

        if (node.IsFull)
        {
            // Keys that come in order fill their leaves instead of leaving them half empty.
            int at = position == Node.Capacity ? Node.Fill : Node.Capacity / 2;
            if (parent is null) parent = RaiseRoot(node, at);
            else Split(parent, index, at);
            node = parent.Children![parent.ChildIndex(key)];
            position = node.LowerBound(key, out _);
        }

        Count++;
        return ref node.InsertKey(position, Slice.Of(key.ToArray()));
    }

    /// <summary>Removes a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether it was there.</returns>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(in Find(key))) return false;

        _root = Own(_root!);
        Remove(_root, key);
        Count--;
        while (_root is { IsLeaf: false, Count: 1 }) _root = _root.Children![0];
        if (_root.Count == 0) _root = null;
        return true;
    }

    private void Remove(Node node, ReadOnlySpan<byte> key)
    {
        if (node.Children is not { } children)
        {
            node.RemoveAt(node.LowerBound(key, out _));
            return;
        }

        int index = node.ChildIndex(key);
        Node child = children[index] = Own(children[index]);
        Remove(child, key);
        if (child.Count >= Node.MergeBelow) return;
        if (child.Count == 0)
        {
            node.RemoveAt(index);
            return;
        }

        if (node.Count == 1) return;
        int left = index == 0 ? 0 : index - 1;
        Node next = children[left + 1];
        if (children[left].Count + next.Count > Node.MergeLimit) return;
        Node merged = children[left] = Own(children[left]);
        merged.MergeNext(next, node.Keys[left + 1]);
        node.RemoveAt(left + 1);
    }

    private Node RaiseRoot(Node node, int at)
    {
        Node root = Node.Inner(_owner);
        root.InsertChild(0, node.Keys[0].Alone(), node);
        Split(root, 0, at);
        return _root = root;
    }

    private static void Split(Node parent, int index, int at)
    {
        Node child = parent.Children![index];
        Node right = child.SplitAt(at);
        // Key 0 may be above keys that came into child 0 since; the new key 1 must not be below it.
        if (index == 0) parent.ReplaceFirstKey(child.Keys[0].Alone());
        parent.InsertChild(index + 1, right.Keys[0].Alone(), right);
    }
}
