namespace Quorleans.KeyValue.Store;

internal sealed partial class SessionTable
{
    /// <summary>Starts behind a client, in client order; behind none, with the first.</summary>
    /// <returns>A cursor that holds until the next change of this table; <see cref="Cursor.IsEnd"/> when no client is left.</returns>
    public Cursor SeekAfter(ClientId client) => new(this, client);

    /// <summary>A place in the table, moving in client order.</summary>
    public struct Cursor
    {
        private readonly SessionTable _table;
        private int _index;
        private int _at;

        internal Cursor(SessionTable table, ClientId after)
        {
            _table = table;
            if (table._leafCount == 0) return;
            _index = table.LeafOf(after);
            _at = Leaf.LowerBound(after, out bool exact);
            if (exact) _at++;
            if (_at == Leaf.Count) NextLeaf();
        }

        /// <summary>Whether no client is left.</summary>
        public readonly bool IsEnd => _index == _table._leafCount;

        /// <summary>The client here.</summary>
        public readonly ClientId Client => new(Leaf.Clients[_at]);

        /// <summary>Its session.</summary>
        public readonly ref readonly Session Session => ref Leaf.Sessions[_at];

        private readonly Leaf Leaf => _table._leaves[_index];

        /// <summary>Moves to the next client.</summary>
        public void MoveNext()
        {
            if (++_at == Leaf.Count) NextLeaf();
        }

        private void NextLeaf() => (_index, _at) = (_index + 1, 0);
    }
}
