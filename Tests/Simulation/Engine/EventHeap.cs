namespace Quorleans.Simulation;

/// <summary>Events by time; those of one time in the order in which they were planned. A four-way heap: it is the simulator's hottest spot.</summary>
internal sealed class EventHeap
{
    private Event[] _events = new Event[256];

    internal int Count { get; private set; }

    internal long NextUs => Count == 0 ? long.MaxValue : _events[0].AtUs;

    internal void Add(in Event added)
    {
        if (Count == _events.Length) Array.Resize(ref _events, Count * 2);
        int slot = Count++;
        while (slot > 0)
        {
            int parent = (slot - 1) >> 2;
            if (!added.IsBefore(_events[parent])) break;
            _events[slot] = _events[parent];
            slot = parent;
        }

        _events[slot] = added;
    }

    internal Event Take()
    {
        Event first = _events[0];
        Event last = _events[--Count];
        _events[Count] = default;
        if (Count == 0) return first;
        int slot = 0;
        while (true)
        {
            int least = (slot << 2) + 1;
            if (least >= Count) break;
            int end = Math.Min(least + 4, Count);
            for (int child = least + 1; child < end; child++)
                if (_events[child].IsBefore(_events[least])) least = child;
            if (!_events[least].IsBefore(last)) break;
            _events[slot] = _events[least];
            slot = least;
        }

        _events[slot] = last;
        return first;
    }

    /// <summary>Something that happens. With an owner, only in the life of it that planned it.</summary>
    internal readonly record struct Event(long AtUs, long Order, Action Action, SimulatedProcess? Owner, int Life)
    {
        internal bool IsBefore(in Event other) => AtUs < other.AtUs || (AtUs == other.AtUs && Order < other.Order);
    }
}
