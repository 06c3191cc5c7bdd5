namespace Quorleans.KeyValue.Store;

internal sealed partial class SessionTable
{
    /// <summary>Some clients that follow each other, with their sessions.</summary>
    private sealed class Leaf(object owner, int capacity)
    {
        /// <summary>Sessions of a leaf, at most.</summary>
        public const int Capacity = 64;

        /// <summary>Room of the first one.</summary>
        public const int FirstCapacity = 4;

        /// <summary>How far leaves are filled by clients that come in order.</summary>
        public const int Fill = Capacity * 7 / 8;

        /// <summary>Below this a leaf is merged with a neighbour if they fit well into one.</summary>
        public const int MergeBelow = Capacity / 4;

        /// <summary>The most that a merge may make, so that the next insert does not split it again.</summary>
        public const int MergeLimit = Capacity * 3 / 4;

        /// <summary>Which table may change it; all others must copy it first.</summary>
        public object Owner => owner;

        public int Count { get; private set; }

        public UInt128[] Clients { get; private set; } = new UInt128[capacity];

        public Session[] Sessions { get; private set; } = new Session[capacity];

        public Leaf CopyFor(object other)
        {
            var copy = new Leaf(other, Clients.Length);
            copy.Append(this);
            return copy;
        }

        /// <summary>The first position whose client is not below <paramref name="client"/>.</summary>
        public int LowerBound(ClientId client, out bool exact)
        {
            ReadOnlySpan<UInt128> clients = Clients.AsSpan(0, Count);
            int low = 0, high = clients.Length;
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                if (clients[middle] < client.Value) low = middle + 1;
                else high = middle;
            }

            exact = low < clients.Length && clients[low] == client.Value;
            return low;
        }

        public void InsertAt(int position, ClientId client)
        {
            EnsureRoom(Count + 1);
            int after = Count - position;
            Array.Copy(Clients, position, Clients, position + 1, after);
            Array.Copy(Sessions, position, Sessions, position + 1, after);
            (Clients[position], Sessions[position]) = (client.Value, default);
            Count++;
        }

        public void RemoveAt(int position)
        {
            int after = Count - position - 1;
            Array.Copy(Clients, position + 1, Clients, position, after);
            Array.Copy(Sessions, position + 1, Sessions, position, after);
            Shorten(Count - 1);
        }

        /// <summary>Moves what stands from <paramref name="at"/> on into a new leaf.</summary>
        public Leaf SplitAt(int at)
        {
            int moved = Count - at;
            var right = new Leaf(owner, Math.Min(Capacity, moved * 3 / 2)) { Count = moved };
            Array.Copy(Clients, at, right.Clients, 0, moved);
            Array.Copy(Sessions, at, right.Sessions, 0, moved);
            Shorten(at);
            return right;
        }

        /// <summary>Adds all that the next leaf has.</summary>
        public void Append(Leaf next)
        {
            EnsureRoom(Count + next.Count);
            Array.Copy(next.Clients, 0, Clients, Count, next.Count);
            Array.Copy(next.Sessions, 0, Sessions, Count, next.Count);
            Count += next.Count;
        }

        private void EnsureRoom(int count)
        {
            if (count <= Clients.Length) return;
            int larger = Math.Min(Capacity, Math.Max(count, Clients.Length * 3 / 2));
            var (clients, sessions) = (new UInt128[larger], new Session[larger]);
            Array.Copy(Clients, clients, Count);
            Array.Copy(Sessions, sessions, Count);
            (Clients, Sessions) = (clients, sessions);
        }

        private void Shorten(int count)
        {
            // What a session refers to must not stay alive behind those that are left.
            Array.Clear(Sessions, count, Count - count);
            Count = count;
        }
    }
}
