using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>node …</c>: the nodes of a cluster.</summary>
internal sealed class NodeCommand : Command
{
    public NodeCommand(ClientContext context)
        : base("node", "Stop, start, list and drain the nodes of an embedded cluster, or with --config those of a cluster of processes; and add and remove those.")
    {
        Add(new NodeListCommand(context));
        Add(new NodeStopCommand(context));
        Add(new NodeStartCommand(context));
        Add(new NodeAddCommand(context));
        Add(new NodeDrainCommand(context));
        Add(new NodeReplaceCommand(context));
        Add(new NodeRemoveCommand(context));
    }
}
