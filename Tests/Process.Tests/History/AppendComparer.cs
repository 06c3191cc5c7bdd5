namespace Quorleans.Processes.Tests.History;

/// <summary>
/// Compares what was done with what is there at the end. Where keys are only appended to and every value is unique, the end tells the whole order:
/// what was acknowledged must be there once, what is unknown at most once, nothing else at all; and an operation that began after another one had
/// ended must not come before it. For appends and reads this is linearizability, key by key.
/// </summary>
internal sealed class AppendComparer
{
    private const int MostProblems = 20;
    private const char End = ';';
    private readonly IReadOnlyDictionary<string, string> _final;
    private readonly Dictionary<string, Dictionary<string, int>> _order = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(AppendOperation Operation, int Position)>> _placed = new(StringComparer.Ordinal);
    private readonly HashSet<(string Key, string Value)> _written = [];
    private readonly List<string> _problems = [];

    private AppendComparer(IReadOnlyDictionary<string, string> final) => _final = final;

    /// <summary>Compares.</summary>
    /// <param name="operations">What was done, in any order.</param>
    /// <param name="final">Every key and its value at the end.</param>
    /// <returns>What is wrong; empty when nothing is.</returns>
    public static IReadOnlyList<string> Compare(IEnumerable<AppendOperation> operations, IReadOnlyDictionary<string, string> final)
    {
        AppendComparer comparer = new(final);
        comparer.TakeApart();
        foreach (AppendOperation operation in operations) comparer.Place(operation);
        comparer.LookForStrangers();
        foreach (List<(AppendOperation, int)> placed in comparer._placed.Values) comparer.CheckOrder(placed);
        return comparer._problems;
    }

    private void TakeApart()
    {
        foreach ((string key, string value) in _final)
        {
            Dictionary<string, int> order = _order[key] = new Dictionary<string, int>(StringComparer.Ordinal);
            if (value.Length > 0 && value[^1] != End) Report($"{key} ends in half a value");
            foreach (string part in value.Split(End, StringSplitOptions.RemoveEmptyEntries))
                if (!order.TryAdd(part + End, order.Count)) Report($"{key} holds {part} twice");
        }
    }

    private void Place(AppendOperation operation)
    {
        int? position = operation.IsRead ? PositionOfRead(operation) : PositionOfAppend(operation);
        if (position is not { } at) return;
        if (!_placed.TryGetValue(operation.Key, out List<(AppendOperation, int)>? placed)) _placed[operation.Key] = placed = [];

        // Of what was read only the length is kept: histories are long.
        placed.Add((operation.IsRead ? operation with { Value = $"{at / 2} values" } : operation, at));
    }

    // Appends stand at odd places, reads between them at even ones.
    private int? PositionOfAppend(AppendOperation append)
    {
        if (!_written.Add((append.Key, append.Value))) Report($"the history has {append.Value} twice, so it proves nothing");
        if (_order.TryGetValue(append.Key, out Dictionary<string, int>? order) && order.TryGetValue(append.Value, out int index)) return (2 * index) + 1;
        if (append.Acknowledged) Report($"lost: {append.Value}, appended to {append.Key} by client {append.Client} and acknowledged");
        return null;
    }

    private int? PositionOfRead(AppendOperation read)
    {
        if (_final.GetValueOrDefault(read.Key, "").StartsWith(read.Value, StringComparison.Ordinal) && (read.Value.Length == 0 || read.Value[^1] == End))
            return 2 * read.Value.AsSpan().Count(End);
        Report($"client {read.Client} read {read.Value.Length} characters of {read.Key} that are not how its value begins");
        return null;
    }

    private void LookForStrangers()
    {
        foreach ((string key, Dictionary<string, int> order) in _order)
            foreach (string value in order.Keys)
                if (!_written.Contains((key, value))) Report($"{key} holds {value}, which nobody wrote or which surely did not happen");
    }

    private void CheckOrder(List<(AppendOperation Operation, int Position)> placed)
    {
        // What is unknown may take effect long after its caller gave up: it ends never.
        (AppendOperation Operation, int Position)[] ended = [.. placed.Where(static one => one.Operation.Acknowledged).OrderBy(static one => one.Operation.Return)];
        int next = 0;
        (AppendOperation? Operation, int Position) last = (null, -1);
        foreach ((AppendOperation operation, int position) in placed.OrderBy(static one => one.Operation.Call))
        {
            for (; next < ended.Length && ended[next].Operation.Return < operation.Call; next++)
                if (ended[next].Position > last.Position) last = ended[next];
            if (last.Position > position)
                Report($"{operation.Key}: {Name(operation)} began after {Name(last.Operation!)} had ended, but comes before it");
        }
    }

    private static string Name(AppendOperation operation) =>
        operation.IsRead ? $"client {operation.Client}'s read of {operation.Value}" : $"client {operation.Client}'s append of {operation.Value}";

    private void Report(string problem)
    {
        if (_problems.Count < MostProblems) _problems.Add(problem);
    }
}
