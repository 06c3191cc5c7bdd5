using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>mr …</c>: MapReduce jobs.</summary>
internal sealed class MapReduceCommand : Command
{
    public MapReduceCommand(ClientContext context)
        : base("mr", "Run MapReduce jobs.") => Add(new MapReduceRunCommand(context));
}
