namespace Quorleans.Linearizability;

/// <summary>
/// What is known before any search when each written value is unique and ends in a <c>;</c> that stands nowhere else in it. Then a value
/// names its last writer; that writer happens once, so each value is there in one stretch of time, and:
/// what follows it is fixed when a cas expected it or an append built on it was seen; what went before an append that was seen is fixed.
/// A write nobody saw matters to nobody. Example: get → "a;b;" says that b's append came directly after a's write, which came directly
/// after absence if it was an append, and that both happened before that get returned.
/// </summary>
internal sealed class UniqueValues
{
    private const char Terminator = ';';
    private const int Unset = -2;
    private readonly KeyProblem _problem;
    private readonly Dictionary<string, int> _writers = [];
    private readonly string?[] _seenAs;
    private readonly int[] _before;
    private readonly Queue<(string Value, long Return, int Observer)> _observations = new();

    private UniqueValues(KeyProblem problem)
    {
        _problem = problem;
        int count = problem.Operations.Length;
        _seenAs = new string?[count];
        _before = new int[count];
        Next = new int[count];
        Target = new int[count];
        Root = new int[count];
        Observers = new int[count];
        Seen = new bool[count];
        Dropped = new bool[count];
        Array.Fill(_before, Unset);
        Array.Fill(Next, KeyProblem.None);
        Array.Fill(Target, KeyProblem.None);
    }

    /// <summary>Whether the observations contradict each other, whatever the order of time.</summary>
    public bool Impossible { get; private set; }

    /// <summary>By writer: the only operation that can follow its value.</summary>
    public int[] Next { get; }

    /// <summary>The writer of the value that a read saw; of a write, itself.</summary>
    public int[] Target { get; }

    /// <summary>By writer: the put that its value began with; none if it began with absence.</summary>
    public int[] Root { get; }

    /// <summary>By writer: how many reads saw exactly its value.</summary>
    public int[] Observers { get; }

    /// <summary>By writer: whether anybody saw its value.</summary>
    public bool[] Seen { get; }

    /// <summary>Unknown writes that nobody saw: they need not have happened.</summary>
    public bool[] Dropped { get; }

    /// <returns>Null when values are not unique. Tightens the problem's returns.</returns>
    public static UniqueValues? Analyze(KeyProblem problem)
    {
        UniqueValues unique = new(problem);
        if (!unique.FindWriters()) return null;
        unique.Observe();
        unique.FindRoots();
        for (int i = 0; i < problem.Operations.Length; i++)
        {
            Operation operation = problem.Operations[i];
            if (problem.Returns[i] < operation.Call) unique.Impossible = true;
            unique.Dropped[i] = problem.Drops && !problem.Definite[i] && operation.Kind != OperationKind.Delete;
        }

        return unique;
    }

    /// <summary>Whether an append can come directly after a writer's value, or after absence.</summary>
    public bool MayFollow(int append, int writer, bool absent)
    {
        int before = _before[append];
        return before == Unset || (before == KeyProblem.None ? absent : before == writer);
    }

    private bool FindWriters()
    {
        for (int i = 0; i < _problem.Operations.Length; i++)
        {
            Operation operation = _problem.Operations[i];
            if (operation.IsRead || operation.Kind == OperationKind.Delete) continue;
            Target[i] = i;
            string value = operation.Value;
            if (value.Length == 0 || value.IndexOf(Terminator, StringComparison.Ordinal) != value.Length - 1 || !_writers.TryAdd(value, i)) return false;
        }

        return true;
    }

    private void Observe()
    {
        for (int i = 0; i < _problem.Operations.Length; i++)
        {
            Operation operation = _problem.Operations[i];
            if (operation.IsRead && (operation.Kind == OperationKind.Get || operation.OutputReported))
            {
                if (operation.Kind == OperationKind.Cas && operation.Output == operation.Expected) Impossible = true;
                if (operation.Output is { } output) _observations.Enqueue((output, operation.Return, i));
            }
            else if (operation is { Kind: OperationKind.Cas, Ok: true }) Expect(i);
        }

        while (_observations.TryDequeue(out (string Value, long Return, int Observer) seen)) Observe(seen.Value, seen.Return, seen.Observer);
    }

    // A cas that did happen saw what it expected, and follows it.
    private void Expect(int cas)
    {
        if (_problem.Operations[cas].Expected is { } expected) _observations.Enqueue((expected, _problem.Returns[cas], cas));
        else Follow(KeyProblem.None, cas);
    }

    private void Observe(string value, long returned, int observer)
    {
        int last = value.EndsWith(Terminator) ? WriterOf(value, value.LastIndexOf(Terminator, value.Length - 2) + 1, value.Length) : KeyProblem.None;
        if (last == KeyProblem.None)
        {
            Impossible = true;
            return;
        }

        if (_seenAs[last] is null) Parse(value, returned);
        else if (_seenAs[last] != value) Impossible = true;
        else Happened(last, returned);
        _seenAs[last] ??= value;
        if (_problem.Operations[observer].IsRead)
        {
            Target[observer] = last;
            Observers[last]++;
        }
        else Follow(last, observer);
    }

    private void Parse(string value, long returned)
    {
        int before = KeyProblem.None;
        for (int start = 0; start < value.Length;)
        {
            int end = value.IndexOf(Terminator, start) + 1;
            int writer = WriterOf(value, start, end);
            if (writer == KeyProblem.None)
            {
                Impossible = true;
                return;
            }

            if (_problem.Operations[writer].Kind == OperationKind.Append) Follow(before, writer);
            else if (start > 0) Impossible = true;
            Happened(writer, returned);
            before = writer;
            start = end;
        }
    }

    private void Happened(int writer, long returned)
    {
        bool isNew = !_problem.Definite[writer];
        Seen[writer] = true;
        _problem.Definite[writer] = true;
        _problem.Returns[writer] = Math.Min(_problem.Returns[writer], returned);
        if (isNew && _problem.Operations[writer].Kind == OperationKind.Cas) Expect(writer);
    }

    private void Follow(int before, int after)
    {
        if (_before[after] != Unset && _before[after] != before) Impossible = true;
        _before[after] = before;
        if (before == KeyProblem.None) return;
        if (Next[before] != KeyProblem.None && Next[before] != after) Impossible = true;
        Next[before] = after;
    }

    private int WriterOf(string value, int start, int end) => _writers.GetValueOrDefault(value[start..end], KeyProblem.None);

    private void FindRoots()
    {
        const int onPath = -3;
        Array.Fill(Root, Unset);
        List<int> path = [];
        for (int i = 0; i < Root.Length; i++)
        {
            int at = i;
            path.Clear();
            while (at >= 0 && Root[at] == Unset)
            {
                Root[at] = onPath;
                path.Add(at);
                if (_before[at] == Unset) break;
                at = _before[at];
            }

            // Two values that each build on the other.
            bool cycle = at >= 0 && Root[at] == onPath && _before[at] != Unset;
            Impossible |= cycle;
            int root = at < 0 ? KeyProblem.None : Root[at] == onPath ? at : Root[at];
            foreach (int member in path) Root[member] = root;
        }
    }
}
