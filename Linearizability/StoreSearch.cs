namespace Quorleans.Linearizability;

/// <summary>
/// <see cref="KeySearch"/> for several keys that transactions tie together: the same search over a state of several registers, with
/// fewer short cuts. Of the pending writes only those are tried that share keys with the blocked operation, directly or by way of other pending operations (a read, too, may need
/// one key's new value beside another's old one): all others could as well come after it. A value that somebody must still see is not written over.
/// </summary>
internal sealed class StoreSearch
{
    private struct Frame
    {
        public int Place, Trail, Changes, Cursor;
        public int[] Choices;
    }

    private enum Change
    {
        Called,
        Linearized,
        Returned,
    }

    private readonly StoreProblem _problem;
    private readonly long _budget;
    private readonly HashSet<(int Place, ulong Low, ulong High)> _seen = [];
    private readonly Stack<Frame> _frames = new();
    private readonly List<(Change Change, int Operation)> _trail = [];
    private readonly Stack<(int Key, RegisterState Old)> _changes = new();
    private readonly bool[] _linearized;
    private readonly int[] _observersLeft;
    private readonly PendingList _writes;
    private readonly PendingList _reads;
    private readonly RegisterState[] _state;
    private int _place;
    private ulong _setLow;
    private ulong _setHigh;

    /// <param name="problem">What to explain.</param>
    /// <param name="budget">How many configurations it may remember.</param>
    public StoreSearch(StoreProblem problem, long budget)
    {
        int count = problem.Operations.Length;
        (_problem, _budget) = (problem, budget);
        _linearized = new bool[count];
        _observersLeft = [.. problem.Observers];
        _writes = new PendingList(count);
        _reads = new PendingList(count);
        _state = new RegisterState[problem.Keys];
        Array.Fill(_state, RegisterState.Absent);
    }

    /// <summary>How many configurations it remembers.</summary>
    public long Configurations => _seen.Count;

    public Verdict Run()
    {
        if (_problem.Impossible) return Verdict.NotLinearizable;
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
                if (_seen.Add(Configuration()))
                {
                    if (_seen.Count > _budget) return Verdict.GaveUp;
                    _frames.Push(new Frame { Place = _place, Trail = _trail.Count, Changes = _changes.Count, Choices = Choices(~next) });
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
            while (frame.Cursor < frame.Choices.Length)
            {
                int choice = frame.Choices[frame.Cursor++];
                if (!TryApply(choice, frame.Changes)) continue;
                if (frame.Cursor < frame.Choices.Length) _frames.Push(frame);
                return true;
            }
        }

        return false;
    }

    private int[] Choices(int blocked)
    {
        HashSet<int> keys = [.. _problem.Models[blocked].Keys];
        List<int> choices = [];
        if (!_problem.Models[blocked].IsRead) choices.Add(blocked);
        HashSet<int> readsTaken = [];
        for (bool grows = true; grows;)
        {
            grows = false;
            for (int read = _reads.First; read != KeyProblem.None; read = _reads.After(read))
            {
                if (readsTaken.Contains(read) || !_problem.Models[read].Keys.Overlaps(keys)) continue;
                readsTaken.Add(read);
                keys.UnionWith(_problem.Models[read].Keys);
                grows = true;
            }

            for (int write = _writes.First; write != KeyProblem.None; write = _writes.After(write))
            {
                if (choices.Contains(write) || !_problem.Models[write].Keys.Overlaps(keys)) continue;
                choices.Add(write);
                keys.UnionWith(_problem.Models[write].Keys);
                grows = true;
            }
        }

        return [.. choices];
    }

    private void Call(int operation)
    {
        bool isRead = _problem.Models[operation].IsRead;
        (isRead ? _reads : _writes).Add(operation);
        _trail.Add((Change.Called, operation));
        if (isRead && _problem.Models[operation].Run(_state, _changes)) Linearize(operation);
    }

    private bool TryApply(int write, int changes)
    {
        foreach (int value in _problem.Sees[write]) _observersLeft[value]--;
        bool fits = _problem.Models[write].Run(_state, _changes) && LosesNothing(changes);
        foreach (int value in _problem.Sees[write]) _observersLeft[value]++;
        if (!fits)
        {
            UndoChanges(changes);
            return false;
        }

        Linearize(write);
        for (int read = _reads.First; read != KeyProblem.None;)
        {
            int after = _reads.After(read);
            if (_problem.Models[read].Run(_state, _changes)) Linearize(read);
            read = after;
        }

        return true;
    }

    // A value is there once: who has not seen it when it is written over never will.
    private bool LosesNothing(int changes)
    {
        int left = _changes.Count - changes;
        foreach ((int key, RegisterState old) in _changes)
        {
            if (left-- == 0) break;
            if (_problem.ValueOf(key, old) is var value and >= 0 && _observersLeft[value] > 0) return false;
        }

        return true;
    }

    private void Linearize(int operation)
    {
        (_problem.Models[operation].IsRead ? _reads : _writes).Remove(operation);
        _linearized[operation] = true;
        Toggle(operation);
        _trail.Add((Change.Linearized, operation));
        foreach (int value in _problem.Sees[operation]) _observersLeft[value]--;
    }

    private void Undo(in Frame frame)
    {
        for (int i = _trail.Count - 1; i >= frame.Trail; i--)
        {
            (Change change, int operation) = _trail[i];
            PendingList list = _problem.Models[operation].IsRead ? _reads : _writes;
            switch (change)
            {
                case Change.Called:
                    list.Remove(operation);
                    break;
                case Change.Linearized:
                    list.Restore(operation);
                    _linearized[operation] = false;
                    Toggle(operation);
                    foreach (int value in _problem.Sees[operation]) _observersLeft[value]++;
                    break;
                default:
                    Toggle(operation);
                    break;
            }
        }

        _trail.RemoveRange(frame.Trail, _trail.Count - frame.Trail);
        UndoChanges(frame.Changes);
        _place = frame.Place;
    }

    private void UndoChanges(int count)
    {
        while (_changes.Count > count)
        {
            (int key, RegisterState old) = _changes.Pop();
            _state[key] = old;
        }
    }

    private (int Place, ulong Low, ulong High) Configuration()
    {
        ulong low = _setLow, high = _setHigh;
        for (int key = 0; key < _state.Length; key++)
        {
            RegisterState value = _state[key];
            low += KeySearch.Mix(value.First ^ KeySearch.Mix((ulong)key * 2 + 1) ^ (ulong)(uint)value.Length);
            high += KeySearch.Mix(value.Second ^ KeySearch.Mix((ulong)key * 2 + 2) ^ ((ulong)(uint)value.Length << 32));
        }

        return (_place, low, high);
    }

    private void Toggle(int operation)
    {
        _setLow ^= KeySearch.Mix((ulong)operation * 2 + 1);
        _setHigh ^= KeySearch.Mix((ulong)operation * 2 + 2);
    }
}
