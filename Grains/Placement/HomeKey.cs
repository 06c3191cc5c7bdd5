namespace Quorleans.Grains.Placement;

/// <summary>The key of a grain that lives on one node: <c>group/node</c>, such as <c>g1/n2</c>, or just <c>node</c>.</summary>
/// <param name="Group">The group's name; empty when the key is just a node.</param>
/// <param name="Node">The node's name.</param>
public readonly record struct HomeKey(string Group, string Node)
{
    /// <summary>Reads a grain's key.</summary>
    /// <param name="grain">The grain.</param>
    /// <exception cref="FormatException">The key names no node.</exception>
    public static HomeKey Of(GrainId grain) => Parse(grain.Key.ToString() ?? "");

    /// <summary>Reads a key.</summary>
    /// <param name="key">Such as <c>g1/n2</c> or <c>n2</c>.</param>
    /// <exception cref="FormatException">The key names no node.</exception>
    public static HomeKey Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        int slash = key.LastIndexOf('/');
        string node = key[(slash + 1)..];
        if (node.Length == 0) throw new FormatException($"The grain key '{key}' names no node; it must be 'group/node' or 'node'.");
        return new HomeKey(slash < 0 ? "" : key[..slash], node);
    }

    /// <inheritdoc/>
    public override string ToString() => Group.Length == 0 ? Node : $"{Group}/{Node}";
}
