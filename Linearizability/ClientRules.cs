namespace Quorleans.Linearizability;

/// <summary>
/// A client does one thing after another, and after an unknown outcome goes on under a new number. A recorder that breaks this has lost
/// its order, and no verdict on its file would mean anything.
/// </summary>
internal static class ClientRules
{
    /// <exception cref="HistoryFormatException">Operations of a client overlap.</exception>
    public static void Check(List<Operation> history)
    {
        Operation[] sorted = [.. history];
        Array.Sort(sorted, static (a, b) =>
        {
            int order = a.Client.CompareTo(b.Client);
            if (order == 0) order = a.Call.CompareTo(b.Call);
            if (order == 0) order = a.Return.CompareTo(b.Return);
            return order == 0 ? a.Line.CompareTo(b.Line) : order;
        });
        for (int i = 1; i < sorted.Length; i++)
        {
            Operation before = sorted[i - 1], after = sorted[i];
            if (before.Client != after.Client) continue;
            if (after.Call < before.Return)
                throw new HistoryFormatException(after.Line, $"client {after.Client} calls at {after.Call}, before its operation of line {before.Line} returned at {before.Return}");
            if (before.Ok is null)
                throw new HistoryFormatException(after.Line, $"client {after.Client} goes on after the unknown outcome of line {before.Line}; whoever goes on is a new client");
        }
    }
}
