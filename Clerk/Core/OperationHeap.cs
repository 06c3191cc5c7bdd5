namespace Quorleans.Clerk;

/// <summary>
/// Operations by time, the earliest first. Each knows its slot, so that a finished one leaves at once: at 100,000 operations a second
/// and a deadline of 10 s, leaving them in would hold a million dead ones.
/// </summary>
/// <param name="byDeadline">Whether the time is the deadline, or the end of a parked operation's pause.</param>
internal sealed class OperationHeap(bool byDeadline)
{
    private ClerkOperation[] _items = new ClerkOperation[64];

    /// <summary>How many are in it.</summary>
    public int Count { get; private set; }

    /// <summary>The earliest time, or <see cref="long.MaxValue"/>.</summary>
    public long NextMs => Count == 0 ? long.MaxValue : Time(_items[0]);

    /// <summary>The earliest operation; there must be one.</summary>
    public ClerkOperation Peek() => _items[0];

    /// <summary>Adds an operation.</summary>
    public void Add(ClerkOperation operation)
    {
        if (Count == _items.Length) Array.Resize(ref _items, Count * 2);
        Up(Count++, operation);
    }

    /// <summary>Takes an operation out; nothing happens when it is not in.</summary>
    public void Remove(ClerkOperation operation)
    {
        int slot = byDeadline ? operation.DeadlineSlot : operation.ParkSlot;
        if (slot < 0) return;
        SetSlot(operation, -1);
        ClerkOperation last = _items[--Count];
        _items[Count] = null!;
        if (slot == Count) return;
        if (slot > 0 && Before(last, _items[(slot - 1) / 2])) Up(slot, last);
        else Down(slot, last);
    }

    private void Up(int slot, ClerkOperation operation)
    {
        while (slot > 0)
        {
            int parent = (slot - 1) / 2;
            if (!Before(operation, _items[parent])) break;
            Place(slot, _items[parent]);
            slot = parent;
        }

        Place(slot, operation);
    }

    private void Down(int slot, ClerkOperation operation)
    {
        while (true)
        {
            int child = (slot * 2) + 1;
            if (child >= Count) break;
            if (child + 1 < Count && Before(_items[child + 1], _items[child])) child++;
            if (!Before(_items[child], operation)) break;
            Place(slot, _items[child]);
            slot = child;
        }

        Place(slot, operation);
    }

    private void Place(int slot, ClerkOperation operation)
    {
        _items[slot] = operation;
        SetSlot(operation, slot);
    }

    private bool Before(ClerkOperation left, ClerkOperation right) => Time(left) < Time(right);

    private long Time(ClerkOperation operation) => byDeadline ? operation.DeadlineMs : operation.NotBeforeMs;

    private void SetSlot(ClerkOperation operation, int slot)
    {
        if (byDeadline) operation.DeadlineSlot = slot;
        else operation.ParkSlot = slot;
    }
}
