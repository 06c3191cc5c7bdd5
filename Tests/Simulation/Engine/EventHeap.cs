namespace Quorleans.Simulation;

/// <summary>
/// Events by time; those of one time in the order in which they were planned. A four-way heap, the simulator's hottest spot: only keys move in it, since
/// to move references is dear (each is a write that the garbage collector wants to know of).
/// </summary>
internal sealed class EventHeap
{
    private Key[] _keys = new Key[256];
    private Event[] _events = new Event[256];
    private int _used; // events beyond were never used

    internal int Count { get; private set; }

    internal long NextUs => Count == 0 ? long.MaxValue : _keys[0].AtUs;

    internal void Add(in Event added)
    {
        if (Count == _keys.Length)
        {
            Array.Resize(ref _keys, Count * 2);
            Array.Resize(ref _events, Count * 2);
        }

        // The keys behind the heap's end remember the places that are free.
        int place = Count < _used ? _keys[Count].Place : _used++;
        _events[place] = added;
        Key key = new(added.AtUs, added.Order, place);
        Key[] keys = _keys;
        int slot = Count++;
        while (slot > 0)
        {
            int parent = (slot - 1) >> 2;
            if (!key.IsBefore(keys[parent])) break;
            keys[slot] = keys[parent];
            slot = parent;
        }

        keys[slot] = key;
    }

    internal Event Take()
    {
        Key[] keys = _keys;
        int place = keys[0].Place;
        Event first = _events[place];
        _events[place] = default;
        int count = --Count;
        Key last = keys[count];
        keys[count] = new Key(0, 0, place);
        if (count == 0) return first;
        int slot = 0;
        while (true)
        {
            int least = (slot << 2) + 1;
            if (least >= count) break;
            int end = Math.Min(least + 4, count);
            for (int child = least + 1; child < end; child++)
                if (keys[child].IsBefore(keys[least])) least = child;
            if (!keys[least].IsBefore(last)) break;
            keys[slot] = keys[least];
            slot = least;
        }

        keys[slot] = last;
        return first;
    }

    /// <summary>Something that happens. With an owner, only in the life of it that planned it.</summary>
    internal readonly record struct Event(long AtUs, long Order, Action Action, SimulatedProcess? Owner, int Life);

    private readonly struct Key(long atUs, long order, int place)
    {
        internal readonly long AtUs = atUs;
        internal readonly int Place = place;
        private readonly long _order = order;

        internal bool IsBefore(in Key other) => AtUs < other.AtUs || (AtUs == other.AtUs && _order < other._order);
    }
}
