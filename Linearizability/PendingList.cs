namespace Quorleans.Linearizability;

/// <summary>
/// Operations called and not linearized, in the order of their calls: a doubly linked list over arrays. A removed member keeps its links,
/// so undoing removals in reverse order is O(1) each (Knuth's dancing links).
/// </summary>
internal sealed class PendingList
{
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly bool[] _contains;
    private readonly int _head;

    public PendingList(int count)
    {
        _head = count;
        _next = new int[count + 1];
        _previous = new int[count + 1];
        _contains = new bool[count];
        _next[_head] = _previous[_head] = _head;
    }

    public int First => After(_head);

    public bool Contains(int member) => _contains[member];

    public int After(int member) => _next[member] == _head ? KeyProblem.None : _next[member];

    public void Add(int member)
    {
        _previous[member] = _previous[_head];
        _next[member] = _head;
        Restore(member);
    }

    public void Remove(int member)
    {
        _next[_previous[member]] = _next[member];
        _previous[_next[member]] = _previous[member];
        _contains[member] = false;
    }

    public void Restore(int member)
    {
        _next[_previous[member]] = member;
        _previous[_next[member]] = member;
        _contains[member] = true;
    }
}
