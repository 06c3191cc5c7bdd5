using System.Buffers.Binary;

namespace Quorleans.KeyValue.Store;

internal sealed partial class CowTree<TValue>
{
    /// <summary>
    /// A leaf (with values) or an inner node (with children). An inner node's key i is a lower bound of child i's keys, except key 0, which
    /// only keeps the order: everything below key 1 is in child 0.
    /// </summary>
    private sealed class Node
    {
        /// <summary>Keys of a leaf and children of an inner node, at most.</summary>
        public const int Capacity = 64;

        /// <summary>How far nodes are filled by keys that come in order: some room remains, so that the first inserts do not split them all.</summary>
        public const int Fill = Capacity * 7 / 8;

        /// <summary>Below this a node is merged with a neighbour if they fit well into one.</summary>
        public const int MergeBelow = Capacity / 4;

        /// <summary>The most that a merge may make, so that the next insert does not split it again.</summary>
        public const int MergeLimit = Capacity * 3 / 4;

        private const int FirstCapacity = 4;

        /// <summary>The length of a prefix that all keys share; not always the longest one.</summary>
        private int _skip;
        private ulong[] _words;

        private Node(object owner, int capacity, bool leaf)
        {
            Owner = owner;
            _words = new ulong[capacity];
            Keys = new Slice[capacity];
            if (leaf) Values = new TValue[capacity];
            else Children = new Node[capacity];
        }

        public object Owner { get; }

        public int Count { get; private set; }

        public Slice[] Keys { get; private set; }

        public TValue[]? Values { get; private set; }

        public Node[]? Children { get; private set; }

        public bool IsLeaf => Children is null;

        public bool IsFull => Count == Capacity;

        public static Node Leaf(object owner, int capacity = FirstCapacity) => new(owner, capacity, leaf: true);

        public static Node Inner(object owner) => new(owner, Capacity, leaf: false);

        public Node CopyFor(object owner)
        {
            var copy = new Node(owner, Keys.Length, IsLeaf) { Count = Count, _skip = _skip };
            Array.Copy(_words, copy._words, Count);
            Array.Copy(Keys, copy.Keys, Count);
            if (IsLeaf) Array.Copy(Values!, copy.Values!, Count);
            else Array.Copy(Children!, copy.Children!, Count);
            return copy;
        }

        /// <summary>The first position whose key is not below <paramref name="key"/>.</summary>
        public int LowerBound(ReadOnlySpan<byte> key, out bool exact)
        {
            exact = false;
            int skip = _skip;
            if (skip > 0)
            {
                ReadOnlySpan<byte> prefix = Keys[0].Span[..skip];
                int order = key.Length >= skip ? key[..skip].SequenceCompareTo(prefix) : key.SequenceCompareTo(prefix);
                if (order != 0) return order < 0 ? 0 : Count;
            }

            ulong word = Word(key, skip);
            ReadOnlySpan<ulong> words = _words.AsSpan(0, Count);
            int low = 0, high = words.Length;
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                ulong other = words[middle];
                // Equal words leave open what follows, and whether zeros at the end are bytes or padding.
                int order = other == word ? Keys[middle].Span[skip..].SequenceCompareTo(key[skip..]) : other < word ? -1 : 1;
                if (order == 0)
                {
                    exact = true;
                    return middle;
                }

                if (order < 0) low = middle + 1;
                else high = middle;
            }

            return low;
        }

        /// <summary>The child where a key is, or would be.</summary>
        public int ChildIndex(ReadOnlySpan<byte> key)
        {
            int position = LowerBound(key, out bool exact);
            return exact ? position : Math.Max(0, position - 1);
        }

        public ref TValue InsertKey(int position, Slice key)
        {
            MakeRoom(position, key);
            TValue[] values = Values!;
            Array.Copy(values, position, values, position + 1, Count - 1 - position);
            values[position] = default!;
            return ref values[position];
        }

        public void InsertChild(int position, Slice key, Node child)
        {
            MakeRoom(position, key);
            Array.Copy(Children!, position, Children!, position + 1, Count - 1 - position);
            Children![position] = child;
        }

        public void RemoveAt(int position)
        {
            int after = Count - position - 1;
            Array.Copy(_words, position + 1, _words, position, after);
            Array.Copy(Keys, position + 1, Keys, position, after);
            if (IsLeaf) Array.Copy(Values!, position + 1, Values!, position, after);
            else Array.Copy(Children!, position + 1, Children!, position, after);
            Shorten(Count - 1);
        }

        /// <summary>Moves what stands from <paramref name="at"/> on into a new node.</summary>
        public Node SplitAt(int at)
        {
            var right = new Node(Owner, Capacity, IsLeaf) { Count = Count - at };
            Array.Copy(Keys, at, right.Keys, 0, right.Count);
            if (IsLeaf) Array.Copy(Values!, at, right.Values!, 0, right.Count);
            else Array.Copy(Children!, at, right.Children!, 0, right.Count);
            Shorten(at);
            RebuildWords();
            right.RebuildWords();
            return right;
        }

        /// <summary>Takes over all that the next node has; <paramref name="separator"/> is that one's lower bound.</summary>
        public void MergeNext(Node next, Slice separator)
        {
            int total = Count + next.Count;
            EnsureCapacity(total);
            Array.Copy(next.Keys, 0, Keys, Count, next.Count);
            if (IsLeaf)
            {
                Array.Copy(next.Values!, 0, Values!, Count, next.Count);
            }
            else
            {
                Array.Copy(next.Children!, 0, Children!, Count, next.Count);
                // Its own key 0 may be above keys that its child 0 holds; as key 0 that did no harm, here it would.
                Keys[Count] = separator;
            }

            Count = total;
            RebuildWords();
        }

        /// <summary>Replaces key 0, which for an inner node only has to be below key 1.</summary>
        public void ReplaceFirstKey(Slice key)
        {
            Keys[0] = key;
            RebuildWords();
        }

        /// <summary>Adds at the end without keeping the words, for building; <see cref="RebuildWords"/> follows.</summary>
        public void AppendUnindexed(Slice key, TValue? value, Node? child)
        {
            Keys[Count] = key;
            if (IsLeaf) Values![Count] = value!;
            else Children![Count] = child!;
            Count++;
        }

        public void RebuildWords()
        {
            // The keys are in order, so what the first and the last share, all share.
            _skip = Count == 0 ? 0 : Keys[0].Span.CommonPrefixLength(Keys[Count - 1].Span);
            for (int i = 0; i < Count; i++) _words[i] = Word(Keys[i].Span, _skip);
        }

        private void MakeRoom(int position, Slice key)
        {
            EnsureCapacity(Count + 1);
            int after = Count - position;
            Array.Copy(_words, position, _words, position + 1, after);
            Array.Copy(Keys, position, Keys, position + 1, after);
            Keys[position] = key;
            Count++;
            // Only a key at an end can share less than the others do.
            bool atEnd = position == 0 || position == Count - 1;
            if (atEnd && _skip > 0 && Keys[0].Span.CommonPrefixLength(Keys[Count - 1].Span) < _skip) RebuildWords();
            else _words[position] = Word(key.Span, _skip);
        }

        private void EnsureCapacity(int count)
        {
            if (count <= Keys.Length) return;
            int capacity = Math.Min(Capacity, Math.Max(count, Keys.Length * 2));
            Array.Resize(ref _words, capacity);
            Keys = Resized(Keys, capacity);
            if (IsLeaf) Values = Resized(Values!, capacity);
            else Children = Resized(Children!, capacity);
        }

        private void Shorten(int count)
        {
            Array.Clear(Keys, count, Count - count);
            if (IsLeaf) Array.Clear(Values!, count, Count - count);
            else Array.Clear(Children!, count, Count - count);
            Count = count;
        }

        private static T[] Resized<T>(T[] array, int capacity)
        {
            Array.Resize(ref array, capacity);
            return array;
        }

        private static ulong Word(ReadOnlySpan<byte> key, int skip)
        {
            ReadOnlySpan<byte> rest = key[skip..];
            if (rest.Length >= 8) return BinaryPrimitives.ReadUInt64BigEndian(rest);
            ulong word = 0;
            for (int i = 0; i < rest.Length; i++) word |= (ulong)rest[i] << (56 - 8 * i);
            return word;
        }
    }
}
