namespace Quorleans.KeyValue.Store;

internal sealed partial class CowTree<TValue>
{
    /// <summary>Builds a tree from keys that come in order, without searching.</summary>
    public sealed class Builder
    {
        private readonly CowTree<TValue> _tree;
        private readonly List<Node> _leaves = [];
        private Node? _leaf;
        private byte[]? _last;

        /// <summary>Begins with nothing.</summary>
        /// <param name="tidy">As the tree shall have it.</param>
        public Builder(Action<Slice[], TValue[], int>? tidy = null) => _tree = new CowTree<TValue>(tidy);

        /// <summary>Adds a key.</summary>
        /// <param name="key">Above all before; not copied.</param>
        /// <param name="value">Its value.</param>
        /// <returns>False when the key is not above the one before.</returns>
        public bool TryAdd(byte[] key, TValue value)
        {
            if (_last is not null && key.AsSpan().SequenceCompareTo(_last) <= 0) return false;
            if (_leaf is null || _leaf.Count == Node.Fill) _leaves.Add(_leaf = Node.Leaf(_tree._owner, Node.Capacity));
            _leaf.AppendUnindexed(Slice.Of(key), value, null);
            _last = key;
            _tree.Count++;
            return true;
        }

        /// <summary>The tree; the builder is used up.</summary>
        public CowTree<TValue> Build()
        {
            List<Node> level = _leaves;
            foreach (Node leaf in level) leaf.RebuildWords();
            while (level.Count > 1)
            {
                var above = new List<Node>(level.Count / Node.Fill + 1);
                Node? parent = null;
                foreach (Node node in level)
                {
                    if (parent is null || parent.Count == Node.Fill) above.Add(parent = Node.Inner(_tree._owner));
                    parent.AppendUnindexed(node.Keys[0], default, node);
                }

                foreach (Node node in above) node.RebuildWords();
                level = above;
            }

            _tree._root = level.Count == 0 ? null : level[0];
            return _tree;
        }
    }
}
