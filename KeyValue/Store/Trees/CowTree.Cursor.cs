namespace Quorleans.KeyValue.Store;

internal sealed partial class CowTree<TValue>
{
    /// <summary>Starts at the first key that is not below <paramref name="key"/>, or is above it.</summary>
    /// <param name="key">The bound; empty for the first key of all.</param>
    /// <param name="inclusive">Whether the bound itself counts.</param>
    /// <returns>A cursor that holds until the next change of this tree; <see cref="Cursor.IsEnd"/> when there is no such key.</returns>
    public Cursor Seek(ReadOnlySpan<byte> key, bool inclusive) => new(this, key, inclusive);

    /// <summary>A place in the tree, moving in key order.</summary>
    public struct Cursor
    {
        private readonly CowTree<TValue> _tree;
        private Node? _leaf;
        private int _index;

        internal Cursor(CowTree<TValue> tree, ReadOnlySpan<byte> key, bool inclusive)
        {
            _tree = tree;
            SeekTo(key, inclusive);
        }

        /// <summary>Whether no key is left.</summary>
        public readonly bool IsEnd => _leaf is null;

        /// <summary>The key here; never written to.</summary>
        public readonly Slice Key => _leaf!.Keys[_index];

        /// <summary>The value here.</summary>
        public readonly ref readonly TValue Value => ref _leaf!.Values![_index];

        /// <summary>Goes on to the next key.</summary>
        public void MoveNext()
        {
            // Nodes have no link to their neighbours (a copy could not keep it): at a leaf's end the way is found from the root again.
            if (_index + 1 < _leaf!.Count) _index++;
            else SeekTo(Key.Span, inclusive: false);
        }

        private void SeekTo(ReadOnlySpan<byte> key, bool inclusive)
        {
            Node? node = _tree._root;
            Node? next = null;
            _leaf = null;
            if (node is null) return;
            while (node.Children is { } children)
            {
                int index = node.ChildIndex(key);
                if (index + 1 < node.Count) next = children[index + 1];
                node = children[index];
            }

            _index = node.LowerBound(key, out bool exact);
            if (exact && !inclusive) _index++;
            if (_index < node.Count)
            {
                _leaf = node;
                return;
            }

            while (next?.Children is { } down) next = down[0];
            _leaf = next;
            _index = 0;
        }
    }
}
