namespace Quorleans.Linearizability;

/// <summary>The operations of some keys that transactions tie together, laid out for the search.</summary>
internal sealed class StoreProblem
{
    private const char Terminator = ';';
    private readonly Dictionary<string, int> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _writers = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Key, RegisterState Value), int> _values = [];

    private StoreProblem(List<Operation> operations)
    {
        Operations = [.. operations];
        int count = Operations.Length;
        Models = new StoreModel[count];
        Returns = new long[count];
        Sees = new int[count][];
        for (int i = 0; i < count; i++)
        {
            Operation o = Operations[i];
            Models[i] = StoreModel.Of(o, KeyOf);
            Returns[i] = o.Ok is null ? KeyProblem.Never : o.Return;
        }

        bool unique = FindWriters();
        HashSet<string> seen = unique ? Tighten() : [];
        HashSet<int> loose = [];
        foreach (StoreModel model in Models)
            if (model.IsLoose) loose.UnionWith(model.Keys);
        for (int i = 0; i < count; i++)
        {
            Sees[i] = unique ? Observations(Models[i]) : [];
            if (unique) Models[i].MergeUnseen(seen);
            Impossible |= Returns[i] < Operations[i].Call;

            // Of unknown outcome, and nobody saw any of it: it need not have happened. Unless somebody saw something and does not tell what; and a delete's effect has no name by which it could be seen.
            if (unique && !Models[i].Tokens.Exists(seen.Contains) && Operations[i].Ok is null && !Models[i].Deletes && !loose.Overlaps(Models[i].Keys)) Dropped.Add(i);
        }

        Observers = new int[_values.Count];
        foreach (int[] values in Sees)
            foreach (int value in values) Observers[value]++;
        Events = Order();
    }

    public Operation[] Operations { get; }

    public StoreModel[] Models { get; }

    /// <summary>How many keys there are.</summary>
    public int Keys => _keys.Count;

    /// <summary>When each is over at the latest: its return, or earlier when somebody saw its effect.</summary>
    public long[] Returns { get; }

    /// <summary>By operation: the values that must be there before it; numbers of <see cref="Observers"/>. Empty when values are not unique.</summary>
    public int[][] Sees { get; }

    /// <summary>By value: how many operations must see it.</summary>
    public int[] Observers { get; }

    /// <summary>Whether an effect was seen before its operation was called.</summary>
    public bool Impossible { get; private set; }

    /// <summary>What need not have happened.</summary>
    public HashSet<int> Dropped { get; } = [];

    /// <summary>As <see cref="KeyProblem.Events"/>.</summary>
    public int[] Events { get; }

    public static StoreProblem Of(IReadOnlyList<Operation> operations)
    {
        List<Operation> telling = new(operations.Count);
        foreach (Operation operation in operations)
            if (!operation.SaysNothing) telling.Add(operation);
        return new StoreProblem(telling);
    }

    /// <summary>The number of a key's value among <see cref="Observers"/>, or none.</summary>
    public int ValueOf(int key, in RegisterState value) => _values.TryGetValue((key, value), out int number) ? number : KeyProblem.None;

    private int KeyOf(string key)
    {
        if (!_keys.TryGetValue(key, out int number)) _keys.Add(key, number = _keys.Count);
        return number;
    }

    // As for one key: every value is written once, and ends in the one ';' that it has.
    private bool FindWriters()
    {
        for (int i = 0; i < Models.Length; i++)
        {
            foreach (string token in Models[i].Tokens)
            {
                bool isToken = token.Length > 0 && token.IndexOf(Terminator, StringComparison.Ordinal) == token.Length - 1;
                if (!isToken || (!_writers.TryAdd(token, i) && _writers[token] != i)) return false;
            }
        }

        return true;
    }

    /// <summary>Who saw a value was called before it and returned after all that made it.</summary>
    /// <returns>The written values that somebody saw, or compared with.</returns>
    private HashSet<string> Tighten()
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < Operations.Length; i++)
        {
            foreach (string text in Models[i].Seen)
            {
                if (!TryFindWriters(text, seen, Returns[i])) Impossible = true;
            }

            // What is compared with matters, whether it was there or not.
            foreach (string text in Models[i].Expected) TryFindWriters(text, seen, KeyProblem.Never);
        }

        return seen;
    }

    private bool TryFindWriters(string text, HashSet<string> seen, long before)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf(Terminator, start) + 1;
            if (end == 0 || !_writers.TryGetValue(text[start..end], out int writer)) return false;
            seen.Add(text[start..end]);
            Returns[writer] = Math.Min(Returns[writer], before);
            start = end;
        }

        return true;
    }

    private int[] Observations(StoreModel model)
    {
        if (model.Before.Count == 0) return [];
        HashSet<int> values = [];
        foreach ((int key, RegisterState value) in model.Before)
        {
            // Absence comes and goes: it says nothing of when.
            if (value == RegisterState.Absent) continue;
            if (!_values.TryGetValue((key, value), out int number)) _values.Add((key, value), number = _values.Count);
            values.Add(number);
        }

        return [.. values];
    }

    private int[] Order()
    {
        List<(long Time, int Event)> order = new(2 * Operations.Length);
        for (int i = 0; i < Operations.Length; i++)
        {
            if (Dropped.Contains(i)) continue;
            order.Add((Operations[i].Call, i));
            if (Returns[i] != KeyProblem.Never) order.Add((Returns[i], ~i));
        }

        KeyProblem.Sort(order);
        int[] events = new int[order.Count];
        for (int i = 0; i < events.Length; i++) events[i] = order[i].Event;
        return events;
    }
}
