namespace Quorleans.Linearizability;

/// <summary>
/// The search of Wing and Gong with Lowe's just-in-time linearization, depth first: an operation that has returned must be linearized,
/// so at a return whose operation is not, it or another pending write is. Reads change nothing and are linearized as soon as they match.
/// A configuration (place, set of operations linearized before their return, state) is never searched twice.
/// </summary>
internal sealed partial class KeySearch
{
    private readonly record struct Configuration(int Place, ulong SetLow, ulong SetHigh, RegisterState State)
    {
        public override int GetHashCode() => (int)((SetLow ^ State.First ^ ((ulong)Place * 0x9E37_79B9_7F4A_7C15)) >> 29);
    }

    private struct Frame
    {
        public int Place, Trail, Cursor, Writer;
        public ulong SetLow, SetHigh;
        public RegisterState State;
    }

    private enum Change
    {
        Called,
        Linearized,
        Returned,
    }

    private const int NotStarted = -2;
    private readonly KeyProblem _problem;
    private readonly UniqueValues? _unique;
    private readonly long _budget;
    private readonly HashSet<Configuration> _seen = [];
    private readonly Stack<Frame> _frames = new();
    private readonly List<(Change Change, int Operation)> _trail = [];
    private readonly bool[] _linearized;
    private readonly int[] _observersLeft;
    private readonly int[] _observersPending;
    private readonly PendingList _writes;
    private readonly PendingList _reads;
    private int _place;
    private int _writer = KeyProblem.None;
    private ulong _setLow;
    private ulong _setHigh;
    private RegisterState _state = RegisterState.Absent;

    /// <param name="problem">What to explain.</param>
    /// <param name="budget">How many configurations it may remember.</param>
    public KeySearch(KeyProblem problem, long budget)
    {
        int count = problem.Operations.Length;
        _problem = problem;
        _unique = problem.Unique;
        _budget = budget;
        _linearized = new bool[count];
        _observersPending = new int[count];
        _observersLeft = _unique is null ? new int[count] : [.. _unique.Observers];
        _writes = new PendingList(count);
        _reads = new PendingList(count);
    }

    /// <summary>How many configurations it remembers.</summary>
    public long Configurations => _seen.Count;

    /// <summary>The operations in the order that explains them; those that are missing did not happen.</summary>
    public List<int> Order()
    {
        List<int> order = [];
        foreach ((Change change, int operation) in _trail)
        {
            if (change == Change.Linearized) order.Add(operation);
        }

        return order;
    }

    public Verdict Run()
    {
        if (_unique is { Impossible: true }) return Verdict.NotLinearizable;
        int[] events = _problem.Events;
        while (_place < events.Length)
        {
            int next = events[_place];
            if (next >= 0)
            {
                Call(next);
                _place++;
            }
            else if (_linearized[~next])
            {
                Toggle(~next);
                _trail.Add((Change.Returned, ~next));
                _place++;
            }
            else
            {
                if (_seen.Add(new Configuration(_place, _setLow, _setHigh, _state)))
                {
                    if (_seen.Count > _budget) return Verdict.GaveUp;
                    _frames.Push(new Frame
                    {
                        Place = _place, Trail = _trail.Count, Cursor = NotStarted, Writer = _writer, SetLow = _setLow, SetHigh = _setHigh, State = _state,
                    });
                }

                if (!Advance()) return Verdict.NotLinearizable;
            }
        }

        return Verdict.Linearizable;
    }

    // Takes the next choice of the newest frame that has one left.
    private bool Advance()
    {
        while (_frames.TryPop(out Frame frame))
        {
            Undo(frame);
            int blocked = ~_problem.Events[_place];
            while (frame.Cursor != KeyProblem.None)
            {
                int choice = frame.Cursor == NotStarted ? blocked : frame.Cursor;
                frame.Cursor = frame.Cursor == NotStarted ? _writes.First : _writes.After(frame.Cursor);
                if (frame.Cursor == blocked) frame.Cursor = _writes.After(blocked);
                if (choice == blocked ? _problem.Operations[blocked].IsRead : !IsUseful(choice, blocked)) continue;
                if (!MayApply(choice)) continue;
                if (frame.Cursor != KeyProblem.None) _frames.Push(frame);
                Apply(choice);
                return true;
            }
        }

        return false;
    }

    private void Call(int operation)
    {
        bool isRead = _problem.Operations[operation].IsRead;
        (isRead ? _reads : _writes).Add(operation);
        _trail.Add((Change.Called, operation));
        if (!isRead) return;
        if (Observed(operation) is var writer and >= 0) _observersPending[writer]++;
        if (Matches(operation)) Linearize(operation);
    }

    private void Linearize(int operation)
    {
        bool isRead = _problem.Operations[operation].IsRead;
        (isRead ? _reads : _writes).Remove(operation);
        _linearized[operation] = true;
        Toggle(operation);
        _trail.Add((Change.Linearized, operation));
        if (!isRead || Observed(operation) is not (var writer and >= 0)) return;
        _observersPending[writer]--;
        _observersLeft[writer]--;
    }

    private void Undo(in Frame frame)
    {
        for (int i = _trail.Count - 1; i >= frame.Trail; i--)
        {
            (Change change, int operation) = _trail[i];
            if (change == Change.Returned) continue;
            bool isRead = _problem.Operations[operation].IsRead;
            int writer = isRead ? Observed(operation) : KeyProblem.None;
            if (change == Change.Called)
            {
                (isRead ? _reads : _writes).Remove(operation);
                if (writer >= 0) _observersPending[writer]--;
                continue;
            }

            (isRead ? _reads : _writes).Restore(operation);
            _linearized[operation] = false;
            if (writer < 0) continue;
            _observersPending[writer]++;
            _observersLeft[writer]++;
        }

        _trail.RemoveRange(frame.Trail, _trail.Count - frame.Trail);
        (_place, _writer, _state, _setLow, _setHigh) = (frame.Place, frame.Writer, frame.State, frame.SetLow, frame.SetHigh);
    }

    private int Observed(int read) => _unique is null ? KeyProblem.None : _unique.Target[read];

    // A set is the exclusive or of a fixed random number for each member (Zobrist).
    private void Toggle(int operation)
    {
        _setLow ^= Mix((ulong)operation * 2 + 1);
        _setHigh ^= Mix((ulong)operation * 2 + 2);
    }

    internal static ulong Mix(ulong x)
    {
        x *= 0x9E37_79B9_7F4A_7C15;
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
