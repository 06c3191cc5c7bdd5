namespace Quorleans.Linearizability;

/// <summary>The operations of one key, laid out for the search.</summary>
internal sealed class KeyProblem
{
    /// <summary>No such operation.</summary>
    public const int None = -1;

    /// <summary>An operation without a return can take effect at any time after its call, or never.</summary>
    public const long Never = long.MaxValue;

    private KeyProblem(List<Operation> operations, bool drops)
    {
        Operations = [.. operations];
        int count = Operations.Length;
        Written = new RegisterState[count];
        Compared = new RegisterState[count];
        Shifts = new (ulong, ulong)[count];
        Returns = new long[count];
        Definite = new bool[count];
        for (int i = 0; i < count; i++)
        {
            Operation o = Operations[i];
            Definite[i] = o.Ok is not null;
            Returns[i] = Definite[i] ? o.Return : Never;
            if (!o.IsRead && o.Kind != OperationKind.Delete) Written[i] = RegisterState.Of(o.Value);
            else if (o.Kind == OperationKind.Delete) Written[i] = RegisterState.Absent;
            if (o.Kind == OperationKind.Append) Shifts[i] = RegisterState.Shift(o.Value.Length);
            if (o.Kind == OperationKind.Get || (o.IsRead && o.OutputReported)) Compared[i] = RegisterState.Of(o.Output);
            else if (o.Kind == OperationKind.Cas) Compared[i] = RegisterState.Of(o.Expected);
            Loose |= o is { Kind: OperationKind.Cas, Ok: false, OutputReported: false };
        }

        Drops = drops || !Loose;
    }

    public Operation[] Operations { get; }

    /// <summary>What each write makes of the key; of an append the part that it adds.</summary>
    public RegisterState[] Written { get; }

    /// <summary>What a get or a cas that failed saw, and what another cas expects.</summary>
    public RegisterState[] Compared { get; }

    public (ulong First, ulong Second)[] Shifts { get; }

    /// <summary>When each is over at the latest: its return, or earlier when somebody saw its effect.</summary>
    public long[] Returns { get; }

    /// <summary>Whether it did happen.</summary>
    public bool[] Definite { get; }

    /// <summary>Whether there are failed cas that do not tell what they found.</summary>
    public bool Loose { get; }

    /// <summary>Whether unknown writes that nobody saw are left out. Of a loose history an explanation without them is one, but that there is none says nothing.</summary>
    public bool Drops { get; }

    /// <summary>Calls (the operation) and returns (its complement) in the order of time; at equal times calls before returns.</summary>
    public int[] Events { get; private set; } = [];

    /// <summary>What unique values tell; null when values are not unique.</summary>
    public UniqueValues? Unique { get; private set; }

    /// <param name="operations">The operations of one key.</param>
    /// <param name="drops">Whether to leave out unknown writes that nobody saw of a loose history too.</param>
    public static KeyProblem Of(IReadOnlyList<Operation> operations, bool drops = false)
    {
        List<Operation> telling = new(operations.Count);
        foreach (Operation operation in operations)
        {
            if (!operation.SaysNothing) telling.Add(operation);
        }

        KeyProblem problem = new(telling, drops);
        problem.Unique = UniqueValues.Analyze(problem);
        problem.Events = problem.Order();
        return problem;
    }

    private int[] Order()
    {
        List<(long Time, int Event)> order = new(2 * Operations.Length);
        for (int i = 0; i < Operations.Length; i++)
        {
            if (Unique is { } unique && unique.Dropped[i]) continue;
            order.Add((Operations[i].Call, i));
            if (Returns[i] != Never) order.Add((Returns[i], ~i));
        }

        Sort(order);
        int[] events = new int[order.Count];
        for (int i = 0; i < events.Length; i++) events[i] = order[i].Event;
        return events;
    }

    internal static void Sort(List<(long Time, int Event)> order) => order.Sort(static (a, b) =>
    {
        if (a.Time != b.Time) return a.Time.CompareTo(b.Time);
        bool aReturns = a.Event < 0, bReturns = b.Event < 0;
        return aReturns != bReturns ? aReturns.CompareTo(bReturns) : aReturns ? b.Event.CompareTo(a.Event) : a.Event.CompareTo(b.Event);
    });
}
