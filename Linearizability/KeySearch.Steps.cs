namespace Quorleans.Linearizability;

/// <summary>The register itself, and which steps unique values rule out.</summary>
internal sealed partial class KeySearch
{
    private bool Matches(int read)
    {
        Operation operation = _problem.Operations[read];
        bool equal = _state == _problem.Compared[read];
        if (operation.Kind == OperationKind.Get) return equal;
        return operation.OutputReported ? equal && operation.Output != operation.Expected : !equal;
    }

    // What nobody saw can be put directly before the next overwrite; failed cas that do not tell what they found may need it elsewhere.
    private bool Prunes => _unique is not null && !_problem.Loose;

    private bool IsUnseen(int write) =>
        Prunes && !_unique!.Seen[write] && (_problem.Operations[write].Kind is OperationKind.Put or OperationKind.Append);

    // Whether a write other than the blocked operation can help it.
    private bool IsUseful(int write, int blocked)
    {
        OperationKind kind = _problem.Operations[write].Kind;

        // Deletes are all alike: the one that must be over first goes first.
        if (kind == OperationKind.Delete) return IsFirstDelete(write);
        if (!Prunes) return true;
        if (IsUnseen(write)) return false;

        // Its value would still be there when the blocked operation must be over, or it is complete and goes in with an overwrite.
        if (kind != OperationKind.Put) return true;
        int target = _unique!.Target[blocked];
        return target >= 0 && _unique.Root[target] == write;
    }

    private bool IsFirstDelete(int delete)
    {
        for (int other = _writes.First; other != KeyProblem.None; other = _writes.After(other))
        {
            if (_problem.Operations[other].Kind != OperationKind.Delete || other == delete) continue;
            int order = _problem.Returns[other].CompareTo(_problem.Returns[delete]);
            if (order < 0 || (order == 0 && other < delete)) return false;
        }

        return true;
    }

    private bool MayApply(int write)
    {
        if (_problem.Operations[write].Kind == OperationKind.Cas && _state != _problem.Compared[write]) return false;
        if (_unique is null) return true;
        if (_writer >= 0)
        {
            if (_observersLeft[_writer] > 0) return false;
            if (_unique.Next[_writer] is var next and >= 0 && next != write) return false;
        }

        return _problem.Operations[write].Kind != OperationKind.Append || _unique.MayFollow(write, _writer, _state.Length == RegisterState.Absent.Length);
    }

    private void Apply(int write)
    {
        bool overwrites = _problem.Operations[write].Kind is OperationKind.Put or OperationKind.Delete || IsUnseen(write);
        if (Prunes && overwrites) Absorb(write);
        Step(write);
    }

    // Puts whose value nobody saw, or only who is waiting right now, cost nothing directly before an overwrite.
    private void Absorb(int except)
    {
        for (int write = _writes.First; write != KeyProblem.None;)
        {
            bool fits = write != except && (IsUnseen(write) || (_problem.Operations[write].Kind == OperationKind.Put && IsComplete(write)));
            if (!fits)
            {
                write = _writes.After(write);
                continue;
            }

            for (int step = write; step != KeyProblem.None; step = _unique!.Next[step]) Step(step);
            write = _writes.First;
        }
    }

    private bool IsComplete(int put)
    {
        for (int write = put; write != KeyProblem.None; write = _unique!.Next[write])
        {
            if (!_writes.Contains(write) || _observersLeft[write] != _observersPending[write]) return false;
        }

        return true;
    }

    private void Step(int write)
    {
        Linearize(write);
        _writer = _problem.Operations[write].Kind == OperationKind.Delete ? KeyProblem.None : write;
        if (IsUnseen(write)) _state = RegisterState.Unseen;
        else if (_problem.Operations[write].Kind == OperationKind.Append) _state = _state.Append(_problem.Written[write], _problem.Shifts[write]);
        else _state = _problem.Written[write];
        for (int read = _reads.First; read != KeyProblem.None;)
        {
            int after = _reads.After(read);
            if (Matches(read)) Linearize(read);
            read = after;
        }
    }
}
