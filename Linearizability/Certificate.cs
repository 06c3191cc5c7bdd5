namespace Quorleans.Linearizability;

/// <summary>Checks an order that is said to explain a history, operation by operation: however it was found, it is a proof.</summary>
internal static class Certificate
{
    /// <summary>Whether the order has every operation that did happen, keeps the order of time, and gives what each saw.</summary>
    /// <param name="operations">The operations of one key.</param>
    /// <param name="order">Indices of those that took effect; what is missing did not happen.</param>
    public static bool Holds(IReadOnlyList<Operation> operations, IReadOnlyList<int> order)
    {
        bool[] placed = new bool[operations.Count];
        long latestCall = long.MinValue;
        RegisterState state = RegisterState.Absent;
        foreach (int index in order)
        {
            Operation operation = operations[index];
            if (placed[index]) return false;
            placed[index] = true;
            latestCall = Math.Max(latestCall, operation.Call);
            if (operation.Ok is not null && operation.Return < latestCall) return false;
            switch (operation.Kind)
            {
                case OperationKind.Get when state != RegisterState.Of(operation.Output):
                case OperationKind.Cas when !MayCompare(operation, state):
                    return false;
                case OperationKind.Put:
                case OperationKind.Cas when operation.Ok != false:
                    state = RegisterState.Of(operation.Value);
                    break;
                case OperationKind.Append:
                    state = state.Append(RegisterState.Of(operation.Value), RegisterState.Shift(operation.Value.Length));
                    break;
                case OperationKind.Delete:
                    state = RegisterState.Absent;
                    break;
            }
        }

        for (int i = 0; i < placed.Length; i++)
        {
            if (!placed[i] && operations[i].Ok is not null) return false;
        }

        return true;
    }

    private static bool MayCompare(Operation cas, in RegisterState state)
    {
        bool matches = state == RegisterState.Of(cas.Expected);
        if (cas.Ok != false) return matches;
        return !matches && (!cas.OutputReported || state == RegisterState.Of(cas.Output));
    }
}
