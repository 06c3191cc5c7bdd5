using System.CommandLine;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary><c>mr …</c>: MapReduce jobs.</summary>
internal sealed class MapReduceCommand : Command
{
    public MapReduceCommand(ClientContext context)
        : base("mr", "Run MapReduce jobs, here or on the cluster.")
    {
        Add(new MapReduceRunCommand(context));
        Add(new MapReduceSubmitCommand(context));
        Add(new MapReduceListCommand(context));
        Add(new MapReduceStatusCommand(context));
        Add(new MapReduceCancelCommand(context));
        Add(new MapReduceLogsCommand(context));
    }

    /// <summary>Makes one line of a refusal.</summary>
    internal static async Task<T> ExplainAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (JobsException e)
        {
            throw new ClientException(e.Message, e);
        }
    }
}
