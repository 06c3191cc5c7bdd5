namespace Quorleans.Linearizability;

/// <summary>
/// One operation of a history as what it does to a store: comparisons, and two lists of steps. A get is a transaction that reads one key, a
/// compare-and-set one that compares it.
/// </summary>
internal sealed class StoreModel
{
    private readonly record struct Step(OperationKind Kind, int Key, RegisterState Value, (ulong First, ulong Second) Shift, bool IsTold, string Token);

    private readonly bool? _ok;
    private readonly List<(int Key, RegisterState Value)> _compares = [];
    private readonly List<Step> _then = [];
    private readonly List<Step> _else = [];

    private StoreModel(bool? ok) => _ok = ok;

    /// <summary>The keys that it names.</summary>
    public HashSet<int> Keys { get; } = [];

    /// <summary>What must be there before it, in whatever order it is.</summary>
    public List<(int Key, RegisterState Value)> Before { get; } = [];

    /// <summary>The values that it saw, as they are written.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>The values that it compared with.</summary>
    public List<string> Expected { get; } = [];

    /// <summary>The values that it may have written.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>Whether it changes nothing.</summary>
    public bool IsRead { get; private set; }

    /// <summary>Whether it may remove a key.</summary>
    public bool Deletes { get; private set; }

    /// <summary>Whether it saw something different from what it compared with, and does not tell what.</summary>
    public bool IsLoose { get; private set; }

    public static StoreModel Of(Operation operation, Func<string, int> keyOf)
    {
        StoreModel model = new(operation.Ok);
        Transaction transaction = operation.Transaction ?? Single(operation);
        foreach (TransactionCompare compare in transaction.Compares)
        {
            int key = keyOf(compare.Key);
            model.Keys.Add(key);
            model._compares.Add((key, RegisterState.Of(compare.Value)));
            if (compare.Value is { } expected) model.Expected.Add(expected);
            if (operation.Ok == true) model.See(key, compare.Value);
        }

        model.AddBranch(model._then, transaction.Then, operation.Ok == true, keyOf);
        model.AddBranch(model._else, transaction.Else, operation.Ok == false, keyOf);
        bool mayThen = operation.Ok != false, mayElse = operation.Ok != true;
        model.IsRead = (!mayThen || Transaction.OnlyReads(transaction.Then)) && (!mayElse || Transaction.OnlyReads(transaction.Else));
        model.IsLoose = operation.Ok == false && !model.TellsWhy();
        return model;
    }

    /// <summary>Runs it.</summary>
    /// <param name="state">By key; changed, also when it does not fit.</param>
    /// <param name="changes">Where the old values of what it changes go.</param>
    /// <returns>Whether its results are what it saw.</returns>
    public bool Run(RegisterState[] state, Stack<(int Key, RegisterState Old)> changes)
    {
        bool holds = true;
        foreach ((int key, RegisterState value) in _compares) holds &= state[key] == value;
        if (_ok is { } ok && ok != holds) return false;
        foreach (Step step in holds ? _then : _else)
        {
            if (step.Kind == OperationKind.Get)
            {
                if (step.IsTold && state[step.Key] != step.Value) return false;
                continue;
            }

            changes.Push((step.Key, state[step.Key]));
            bool staysUnseen = step.Kind == OperationKind.Append && (state[step.Key] == RegisterState.Unseen || step.Value == RegisterState.Unseen);
            state[step.Key] = staysUnseen ? RegisterState.Unseen : step.Kind == OperationKind.Append ? state[step.Key].Append(step.Value, step.Shift) : step.Value;
        }

        return true;
    }

    /// <summary>Values that nobody saw are all alike: which of them is there, and in which order they came, makes no difference.</summary>
    /// <param name="seen">The values that somebody saw or compared with.</param>
    public void MergeUnseen(HashSet<string> seen)
    {
        foreach (List<Step> branch in (ReadOnlySpan<List<Step>>)[_then, _else])
        {
            for (int i = 0; i < branch.Count; i++)
            {
                bool writes = branch[i].Kind is OperationKind.Put or OperationKind.Append;
                if (writes && !seen.Contains(branch[i].Token)) branch[i] = branch[i] with { Value = RegisterState.Unseen };
            }
        }
    }

    private static Transaction Single(Operation o)
    {
        TransactionStep read = new(OperationKind.Get, o.Key, "", o.Output);
        return o.Kind switch
        {
            OperationKind.Get => new Transaction([], [read], []),
            OperationKind.Cas => new Transaction(
                [new TransactionCompare(o.Key, o.Expected)], [new TransactionStep(OperationKind.Put, o.Key, o.Value, null)],
                o.Ok == false && o.OutputReported ? [read] : []),
            _ => new Transaction([], [new TransactionStep(o.Kind, o.Key, o.Value, null)], []),
        };
    }

    private void AddBranch(List<Step> branch, IReadOnlyList<TransactionStep> steps, bool ran, Func<string, int> keyOf)
    {
        HashSet<int> written = [];
        foreach (TransactionStep step in steps)
        {
            int key = keyOf(step.Key);
            Keys.Add(key);
            bool isGet = step.Kind == OperationKind.Get;
            RegisterState value = isGet ? RegisterState.Of(step.Output) : step.Kind == OperationKind.Delete ? RegisterState.Absent : RegisterState.Of(step.Value);
            branch.Add(new Step(step.Kind, key, value, step.Kind == OperationKind.Append ? RegisterState.Shift(step.Value.Length) : default, ran, step.Value));
            if (isGet && ran && written.Contains(key)) Seen.Add(step.Output ?? "");
            else if (isGet && ran) See(key, step.Output);
            if (isGet) continue;
            written.Add(key);
            Deletes |= step.Kind == OperationKind.Delete;
            if (step.Kind != OperationKind.Delete && (ran || _ok is null)) Tokens.Add(step.Value);
        }
    }

    private void See(int key, string? value)
    {
        Before.Add((key, RegisterState.Of(value)));
        if (value is not null) Seen.Add(value);
    }

    // One of the keys it compared was read, and is another one than expected: no more need be known.
    private bool TellsWhy()
    {
        foreach ((int key, RegisterState value) in _compares)
            foreach ((int seen, RegisterState found) in Before)
                if (seen == key && found != value) return true;
        return false;
    }
}
