using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>node …</c>: the nodes of an embedded cluster.</summary>
internal sealed class NodeCommand : Command
{
    public NodeCommand(ClientContext context)
        : base("node", "Stop, start and list the nodes of an embedded cluster; with --config stop and list those of a cluster of processes.")
    {
        Add(new NodeListCommand(context));
        Add(new NodeStopCommand(context));
        Add(new NodeStartCommand(context));
    }
}
