namespace Quorleans.KeyValue.Controller;

internal sealed partial class MapEdit
{
    /// <summary>Takes a node in.</summary>
    public ControllerResult Register(ControllerNode node)
    {
        int at = 0;
        while (at < _nodes.Count && string.CompareOrdinal(_nodes[at].Name, node.Name) < 0) at++;
        if (at < _nodes.Count && string.Equals(_nodes[at].Name, node.Name, StringComparison.Ordinal))
        {
            if (_nodes[at].NodeId == node.NodeId) return Done;
            // The group's replica is on the other disk still: first its membership must change.
            if (Bearing(node.Name) is { } group) return Refuse(ControllerStatus.NodeInUse, group.Gid);
            _nodes[at] = node;
            return Changed();
        }

        if (_nodes.Count >= options.Limits.MaxNodes) return Refuse(ControllerStatus.TooMany, $"{options.Limits.MaxNodes} nodes");
        _nodes.Insert(at, node);
        return Changed();
    }

    private ControllerResult Remove(string name)
    {
        if (NodeOf(name) is not { } node) return Refuse(ControllerStatus.UnknownNode, name);
        if (Bearing(name) is { } group) return Refuse(ControllerStatus.NodeInUse, group.Gid);
        _nodes.Remove(node);
        for (int i = _gone.Count - 1; i >= 0; i--) Forget(i, name);
        return Changed();
    }

    private ControllerNode? NodeOf(string name)
    {
        foreach (ControllerNode node in _nodes)
        {
            if (string.Equals(node.Name, name, StringComparison.Ordinal)) return node;
        }

        return null;
    }
}
