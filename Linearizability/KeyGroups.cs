namespace Quorleans.Linearizability;

/// <summary>Which keys the transactions of a history tie together: those that one of them names, and so on from key to key.</summary>
internal sealed class KeyGroups
{
    private const int NamedMax = 6;
    private readonly Dictionary<string, string> _parents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _transactions = new(StringComparer.Ordinal);

    public KeyGroups(IReadOnlyList<Operation> history)
    {
        foreach (Operation operation in history)
        {
            if (operation.Transaction is not { } transaction) continue;
            foreach (string key in transaction.Keys) _parents[Of(key)] = Of(operation.Key);
        }

        foreach (Operation operation in history)
        {
            if (operation.Transaction is not { } transaction) continue;
            _transactions.Add(Of(operation.Key));
            foreach (string key in transaction.Keys) AddMember(key);
        }
    }

    /// <summary>The key that stands for the group.</summary>
    public string Of(string key)
    {
        string root = key;
        while (_parents.TryGetValue(root, out string? parent) && parent != root) root = parent;
        if (root != key) _parents[key] = root;
        return root;
    }

    /// <summary>Whether a transaction names keys of the group.</summary>
    public bool HasTransactions(string group) => _transactions.Contains(group);

    /// <summary>The group's keys, for a person.</summary>
    public string NameOf(string group)
    {
        if (!_members.TryGetValue(group, out List<string>? members)) return group;
        string names = string.Join(", ", members.GetRange(0, Math.Min(members.Count, NamedMax)));
        return members.Count > NamedMax ? $"{names} and {members.Count - NamedMax} more" : names;
    }

    private void AddMember(string key)
    {
        string group = Of(key);
        if (!_members.TryGetValue(group, out List<string>? members)) _members.Add(group, members = []);
        if (!members.Contains(key)) members.Add(key);
    }
}
